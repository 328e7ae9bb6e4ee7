"""What several files of tests need."""

import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Chromium; without a browser or its driver these tests skip."""
    driver = pytest.importorskip(
        "playwright.sync_api", reason="the page is driven with: pip install playwright"
    )
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no browser found: apt-get install chromium")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
