"""playground: a folder of static files in which the package runs in a browser.

site      the folder is written, and served on this machine
running   what a run of somebody's code shows; it runs in the browser
"""
