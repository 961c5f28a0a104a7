// A classic script, so that a chosen theme is there before the first paint.

/** Sets `light`, `dark` or `system`; without one, what was set before. */
function setTheme(theme) {
	const { dataset } = document.documentElement;
	dataset.theme = theme;
	try {
		dataset.theme = localStorage.theme = theme ?? localStorage.theme ?? "system";
	} catch {
		// Storage is blocked: it lasts as long as the page.
	}
}
setTheme();
