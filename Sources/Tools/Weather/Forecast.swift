import Conversation
import JSON

/// An answer of Open-Meteo's forecast, in words and figures.
struct Forecast {
    static let currentFields = [
        "temperature_2m", "apparent_temperature", "relative_humidity_2m", "precipitation", "weather_code",
        "wind_speed_10m", "wind_direction_10m",
    ]
    static let dailyFields = [
        "weather_code", "temperature_2m_max", "temperature_2m_min", "precipitation_sum",
        "precipitation_probability_max",
    ]

    let text: String

    /// Nil where the answer has neither a current temperature nor a day.
    init?(_ answer: JSONValue) {
        let lines = [Self.current(answer)].compactMap(\.self) + Self.days(answer)
        guard !lines.isEmpty else { return nil }
        self.text = lines.joined(separator: "\n")
    }

    private static func current(_ answer: JSONValue) -> String? {
        guard let current = answer["current"], let units = answer["current_units"],
            let temperature = self.figure("temperature_2m", current, units)
        else { return nil }
        var parts = [temperature]
        if let felt = self.figure("apparent_temperature", current, units) { parts.append("feels like \(felt)") }
        if let code = current["weather_code"]?.intValue { parts.append(self.words(code)) }
        if let wind = self.figure("wind_speed_10m", current, units) {
            let from = current["wind_direction_10m"]?.doubleValue.map { " from \(self.compass($0))" } ?? ""
            parts.append("wind \(wind)\(from)")
        }
        if let humidity = self.figure("relative_humidity_2m", current, units) { parts.append("humidity \(humidity)") }
        if let rain = current["precipitation"]?.doubleValue, rain > 0,
            let amount = self.figure("precipitation", current, units)
        {
            parts.append("precipitation \(amount)")
        }
        let time = self.short(current["time"]).map { " (\($0) local time)" } ?? ""
        return "Now\(time): " + parts.joined(separator: ", ")
    }

    private static func days(_ answer: JSONValue) -> [String] {
        guard let daily = answer["daily"], let units = answer["daily_units"] else { return [] }
        let dates = daily["time"]?.arrayValue ?? []
        return dates.prefix(GetWeather.maximumDays).enumerated().compactMap { index, date in
            guard let date = self.short(date) else { return nil }
            var day: [String: JSONValue] = [:]
            for field in self.dailyFields {
                if let values = daily[field]?.arrayValue, values.indices.contains(index) { day[field] = values[index] }
            }
            var parts: [String] = []
            if let code = day["weather_code"]?.intValue { parts.append(self.words(code)) }
            if let low = self.figure("temperature_2m_min", .object(day), units),
                let high = self.figure("temperature_2m_max", .object(day), units)
            {
                parts.append("\(low) to \(high)")
            }
            if let rain = self.figure("precipitation_sum", .object(day), units) {
                let chance = day["precipitation_probability_max"]?.intValue.map { " (chance \($0) %)" } ?? ""
                parts.append("precipitation \(rain)\(chance)")
            }
            return parts.isEmpty ? nil : "\(date): \(parts.joined(separator: ", "))"
        }
    }

    /// A value with the unit that the answer gives for it.
    private static func figure(_ field: String, _ values: JSONValue, _ units: JSONValue) -> String? {
        guard let value = values[field], value.doubleValue != nil else { return nil }
        let unit = self.short(units[field]) ?? ""
        let space = unit.isEmpty || unit.hasPrefix("°") ? "" : " "
        return "\(value.jsonText)\(space)\(unit)"
    }

    /// A short word from elsewhere: at most 20 printable scalars.
    private static func short(_ json: JSONValue?) -> String? {
        json?.stringValue.map { text in
            String(
                String.UnicodeScalarView(
                    text.unicodeScalars.prefix(20).filter { $0.properties.generalCategory != .control }))
        }
    }

    private static func compass(_ degrees: Double) -> String {
        let points = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"]
        guard degrees >= 0, degrees <= 360 else { return "somewhere" }
        return points[Int((degrees / 45).rounded()) % points.count]
    }

    /// The WMO's code for the weather (table 4677, as far as Open-Meteo uses it).
    static func words(_ code: Int) -> String { self.weathers[code] ?? "weather code \(code)" }

    private static let weathers: [Int: String] = [
        0: "clear sky", 1: "mainly clear", 2: "partly cloudy", 3: "overcast", 45: "fog", 48: "rime fog",
        51: "light drizzle", 53: "drizzle", 55: "heavy drizzle", 56: "light freezing drizzle",
        57: "heavy freezing drizzle", 61: "light rain", 63: "rain", 65: "heavy rain", 66: "light freezing rain",
        67: "heavy freezing rain", 71: "light snowfall", 73: "snowfall", 75: "heavy snowfall", 77: "snow grains",
        80: "light rain showers", 81: "rain showers", 82: "violent rain showers", 85: "light snow showers",
        86: "heavy snow showers", 95: "thunderstorm", 96: "thunderstorm with light hail",
        99: "thunderstorm with heavy hail",
    ]
}
