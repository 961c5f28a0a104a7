// What this page does for the model: the tools that it declares in `open`.

const theme = { enum: ["light", "dark", "system"], default: "dark" };

const locate = () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(
	({ coords: { latitude, longitude, accuracy } }) => resolve(JSON.stringify({ latitude, longitude, accuracy_m: accuracy })),
	reject,
	{ timeout: 30_000 },
));

export const tools = {
	get_location: {
		description: "Where the user is: latitude, longitude and accuracy in metres, if they allow it.",
		input_schema: { type: "object", properties: {}, additionalProperties: false },
		run: locate,
	},
	set_theme: {
		description: "Makes the page that the user sees light or dark, or as their system is.",
		input_schema: { type: "object", properties: { theme }, required: ["theme"], additionalProperties: false },
		run({ theme }) {
			setTheme(theme);
			return `The page is ${theme} now.`;
		},
	},
};
