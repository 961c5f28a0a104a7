// A classic script in the head, so that a chosen theme is there before the first paint. The rest is in app.js.
try {
    const chosen = localStorage.getItem("whinchat.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
    // Storage is blocked: the system's theme it is.
}
