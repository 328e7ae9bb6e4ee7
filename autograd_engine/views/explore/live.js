// The page in a frame of a notebook: what is dragged goes to Python, what Python sets comes here.

export default {
  render({ model, el }) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.title = "Explore";
    Object.assign(frame.style, { width: "100%", height: "720px", border: "0" });
    frame.srcdoc = model.get("page");
    let own = "";
    const hear = ({ source, data }) => {
      if (source !== frame.contentWindow || !Array.isArray(data?.leaves)) return;
      own = JSON.stringify(data.leaves);
      model.send({ leaves: data.leaves });
    };
    const tell = () => {
      const leaves = model.get("numbers");
      if (JSON.stringify(leaves) !== own) frame.contentWindow?.postMessage({ leaves }, "*");
      own = "";
    };
    addEventListener("message", hear);
    frame.addEventListener("load", tell);
    model.on("change:numbers", tell);
    el.append(frame);
    return () => removeEventListener("message", hear);
  },
};
