// What this page does for the model: the tools that it declares in `open`.

/** @param {"light" | "dark" | "system"} theme which lasts, where the browser keeps it */
export function setTheme(theme) {
	if (theme === "system") delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = theme;
	try {
		localStorage.setItem("whinchat.theme", theme);
	} catch {
		// Storage is blocked: it lasts as long as the page.
	}
}

/** By the code of a GeolocationPositionError. */
const UNKNOWN = ["", "The user or this page's policy does not allow it.", "The device does not know where it is.", "It took too long."];

const locate = () =>
	new Promise((resolve, reject) => {
		if (!navigator.geolocation) throw new Error("This browser cannot tell.");
		navigator.geolocation.getCurrentPosition(
			({ coords: { latitude, longitude, accuracy } }) => resolve(JSON.stringify({ latitude, longitude, accuracy_m: Math.round(accuracy) })),
			({ code, message }) => reject(new Error(UNKNOWN[code] ?? message)),
			{ timeout: 30_000, maximumAge: 300_000 },
		);
	});

export const tools = {
	get_location: {
		description: "Where the user is: latitude, longitude and accuracy in metres, if their browser lets you know.",
		input_schema: { type: "object", properties: {}, additionalProperties: false },
		run: locate,
	},
	set_theme: {
		description: "Makes the page that the user sees light or dark, or as their system is.",
		input_schema: {
			type: "object",
			properties: { theme: { enum: ["light", "dark", "system"], default: "dark" } },
			required: ["theme"],
			additionalProperties: false,
		},
		run({ theme }) {
			setTheme(theme);
			return `The page is ${theme} now.`;
		},
	},
};
