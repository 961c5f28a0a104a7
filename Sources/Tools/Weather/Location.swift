import JSON

/// A place on earth.
struct Location {
    var latitude: Double
    var longitude: Double
    var name: String
    /// What else the name could have meant, as a line of its own; empty where nothing.
    var note = ""
    /// The regions and the country, and the country's code.
    private(set) var regions: [String] = []

    init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
        self.name = "\(latitude), \(longitude)"
    }

    /// An element of `results`: {"name", "latitude", "longitude", "country", "country_code", "admin1", …}.
    private init?(_ json: JSONValue) {
        guard let name = Self.word(json["name"]), let latitude = json["latitude"]?.doubleValue,
            let longitude = json["longitude"]?.doubleValue, abs(latitude) <= 90, abs(longitude) <= 180
        else { return nil }
        self.latitude = latitude
        self.longitude = longitude
        let areas = ["admin1", "country"].compactMap { Self.word(json[$0]) }
        self.regions = areas + ["admin2", "admin3", "country_code"].compactMap { Self.word(json[$0]) }
        self.name = ([name] + areas.filter { $0 != name }).joined(separator: ", ")
    }

    /// The places in an answer of Open-Meteo's geocoding, the likeliest first. Without `results` there is none.
    static func all(in answer: JSONValue) -> [Location] {
        (answer["results"]?.arrayValue ?? []).prefix(10).compactMap(Location.init)
    }

    /// Cut to 80 scalars, on one line: it comes from elsewhere.
    private static func word(_ json: JSONValue?) -> String? {
        guard let text = json?.stringValue else { return nil }
        let scalars = text.unicodeScalars.prefix(80).filter { $0.properties.generalCategory != .control }
        return scalars.isEmpty ? nil : String(String.UnicodeScalarView(scalars))
    }
}

/// A place as a model writes it: `Paris, Texas`. The geocoder knows only the name; the rest chooses among what it finds.
struct PlaceName {
    let name: String
    private let written: String
    private let qualifiers: [String]

    init(_ written: String) {
        self.written = written
        let parts = written.split(separator: ",").map(Self.trimmed).filter { !$0.isEmpty }
        self.name = parts.first ?? written
        self.qualifiers = parts.dropFirst().map { $0.lowercased() }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    func choose(among locations: [Location]) throws(ToolFailure) -> Location {
        guard let first = locations.first else {
            throw ToolFailure(
                "No place named \"\(self.written)\" was found. Check the spelling, or name a larger town.")
        }
        let fitting = locations.filter { location in
            let regions = location.regions.map { $0.lowercased() }
            return self.qualifiers.allSatisfy { qualifier in regions.contains { Self.means(qualifier, $0) } }
        }
        guard var chosen = fitting.first else {
            throw ToolFailure(
                "No \(self.name) was found in \(self.qualifiers.joined(separator: ", ")). There is: "
                    + locations.prefix(5).map(\.name).joined(separator: "; ") + ".")
        }
        let others = Set(fitting.dropFirst().map(\.name)).subtracting([first.name, chosen.name]).sorted()
        if self.qualifiers.isEmpty, !others.isEmpty {
            chosen.note = "\nOther places of that name: \(others.prefix(4).joined(separator: "; "))."
        }
        return chosen
    }

    /// `UK` and `USA` are what people write; the service says `United Kingdom` and the code `GB`.
    private static func means(_ qualifier: String, _ region: String) -> Bool {
        let usual = ["uk": "united kingdom", "usa": "united states"]
        return region == qualifier || region == usual[qualifier]
            || (qualifier.count >= 4 && region.hasPrefix(qualifier))
    }
}
