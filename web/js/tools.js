// What this page does for the model: the tools that it declares in `open`.

const theme = { enum: ["light", "dark", "system"], default: "dark" };

const locate = () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(
	({ coords: { latitude, longitude, accuracy } }) => resolve(JSON.stringify({ latitude, longitude, accuracy })),
	reject,
	{ timeout: 30_000 },
));

export const tools = {
	get_location: {
		description: "Where the user is, if they allow it.",
		input_schema: { type: "object" },
		run: locate,
	},
	set_theme: {
		description: "Makes the page light, dark, or as the system is.",
		input_schema: { type: "object", properties: { theme }, required: ["theme"] },
		run({ theme }) {
			setTheme(theme);
			return `The page is ${theme} now.`;
		},
	},
};
