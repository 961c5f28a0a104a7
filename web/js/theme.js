// A classic script, so that a chosen theme is there before the first paint.
try {
    const chosen = localStorage.getItem("whinchat.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
    // Storage is blocked: the system's theme it is.
}
