// A classic script, so that a chosen theme is there before the first paint.

function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	localStorage.theme = theme;
}
setTheme(localStorage.theme ?? "system");
