import Conversation
package import CurlTransport
package import JSON

/// Tells the weather, by Open-Meteo (open-meteo.com/en/docs): no key, free for what is not commercial.
package struct GetWeather: Tool {
    /// Where Open-Meteo's two services are.
    package struct Service: Hashable, Sendable {
        /// Finds places: `/v1/search`.
        package var geocoding: String
        /// Knows the weather: `/v1/forecast`.
        package var forecast: String

        package init(geocoding: String, forecast: String) {
            self.geocoding = geocoding
            self.forecast = forecast
        }

        package static let openMeteo = Service(
            geocoding: "https://geocoding-api.open-meteo.com", forecast: "https://api.open-meteo.com")
    }

    /// Days. Open-Meteo itself goes to 16, of which the later ones are guesses.
    package static let maximumDays = 7

    package let name = "get_weather"

    package let description = """
        Tells the current weather and the forecast for up to 7 days at a place, by the service Open-Meteo. Give either \
        place, or latitude and longitude.
        """

    package let inputSchema: JSONValue = [
        "type": "object",
        "properties": [
            "place": [
                "type": ["string", "null"], "minLength": 2, "maxLength": 100,
                "description":
                    "A town, with its country or region behind a comma where the name is common: Paris, Texas",
            ],
            "latitude": ["type": ["number", "null"], "minimum": -90, "maximum": 90],
            "longitude": ["type": ["number", "null"], "minimum": -180, "maximum": 180],
            "days": [
                "type": ["integer", "null"], "minimum": 1, "maximum": .int(GetWeather.maximumDays),
                "description": "Days of forecast, today among them. Without it: 3.",
            ],
            "units": [
                "type": ["string", "null"], "enum": ["metric", "imperial", .null],
                "description": "Without it: metric.",
            ],
        ],
        "additionalProperties": false,
    ]

    private let transfers: TransferQueue
    private let service: Service
    private let requestLimit: Duration

    /// - Parameters:
    ///   - transfers: the way to the network.
    ///   - requestLimit: for each of the two requests. Default 10 s: together they stay below a call's 30 s.
    package init(
        transfers: TransferQueue, service: Service = .openMeteo, requestLimit: Duration = .seconds(10)
    ) {
        self.transfers = transfers
        self.service = service
        self.requestLimit = requestLimit
    }

    package func run(_ input: JSONValue) async throws -> String {
        let location = try await self.location(input)
        let days = input["days"]?.intValue ?? 3
        let isImperial = input["units"]?.stringValue == "imperial"
        var query = [
            ("latitude", "\(location.latitude)"), ("longitude", "\(location.longitude)"),
            ("current", Forecast.currentFields.joined(separator: ",")),
            ("daily", Forecast.dailyFields.joined(separator: ",")), ("timezone", "auto"), ("forecast_days", "\(days)"),
        ]
        if isImperial {
            query += [
                ("temperature_unit", "fahrenheit"), ("wind_speed_unit", "mph"), ("precipitation_unit", "inch"),
            ]
        }
        let answer = try await self.get(self.service.forecast + "/v1/forecast", query)
        guard let forecast = Forecast(answer) else {
            throw ToolFailure("The weather service answered something that is no forecast. Try again later.")
        }
        return "\(location.name):\n\(forecast.text)\(location.note)\nSource: Open-Meteo"
    }

    private func location(_ input: JSONValue) async throws -> Location {
        switch (input["place"]?.stringValue, input["latitude"]?.doubleValue, input["longitude"]?.doubleValue) {
        case (let place?, nil, nil):
            let request = PlaceName(place)
            let answer = try await self.get(
                self.service.geocoding + "/v1/search",
                [("name", request.name), ("count", "10"), ("language", "en"), ("format", "json")])
            return try request.choose(among: Location.all(in: answer))
        case (nil, let latitude?, let longitude?): return Location(latitude: latitude, longitude: longitude)
        default: throw ToolFailure("Give either place, or both latitude and longitude.")
        }
    }

    /// - Throws: `ToolFailure` in words that say whose fault it is.
    private func get(_ url: String, _ query: [(String, String)]) async throws -> JSONValue {
        let request = TransferRequest(
            method: .get, url: url + "?" + URLQuery.encode(query), headers: [("accept", "application/json")],
            connectTimeout: .seconds(5))
        let response: FetchedResponse
        do {
            // 64 KiB: an answer has some 5.
            response = try await self.transfers.fetch(
                request, bodyLimitBytes: 64 * 1024, within: self.requestLimit)
        } catch let error as FetchError {
            throw Self.failure(error)
        }
        let answer = try? JSONValue(parsing: response.body)
        guard response.head.status == 200, let answer else {
            // Open-Meteo's errors: {"error": true, "reason": "…"}.
            let reason = answer?["reason"]?.stringValue.map { ": " + $0.firstScalars(200) } ?? "."
            throw ToolFailure("The weather service refused the request (HTTP \(response.head.status))\(reason)")
        }
        return answer
    }

    private static func failure(_ error: FetchError) -> ToolFailure {
        switch error {
        case .timeout: ToolFailure("The weather service did not answer in time. Try again later.")
        case .tooLarge: ToolFailure("The weather service answered more than can be a forecast. Try again later.")
        case .transfer(let error):
            switch error.kind {
            case .couldNotResolve, .couldNotConnect, .connectTimeout, .proxy:
                ToolFailure(
                    "The weather service cannot be reached: this server seems to be offline. Say so to the person; "
                        + "do not make weather up.")
            default: ToolFailure("The connection to the weather service broke. Try again later.")
            }
        }
    }
}
