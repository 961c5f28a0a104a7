import Foundation

/// A time zone as a model names it.
struct ZoneName {
    /// As IANA spells it.
    let name: String
    let timeZone: TimeZone

    /// Foundation lists one name of each zone; these are newer ones that it knows too.
    private static let all = Set(TimeZone.knownTimeZoneIdentifiers).union(TimeZone.abbreviationDictionary.values)
        .union(["UTC"]).sorted()

    /// Takes an IANA name, whatever its case and with spaces for underscores.
    ///
    /// - Throws: `ToolFailure` that suggests names which are near.
    init(_ written: String) throws(ToolFailure) {
        let name = written.split(whereSeparator: \.isWhitespace).joined(separator: "_")
        let lowercased = name.lowercased()
        self.name = Self.all.first { $0.lowercased() == lowercased } ?? name
        // A name becomes a path below the system's zone files: only what IANA's names are made of goes there.
        guard Self.isWellFormed(self.name), let timeZone = TimeZone(identifier: self.name) else {
            throw Self.unknown(written, name)
        }
        // Foundation also reads GMT+2, which means the opposite of IANA's Etc/GMT+2.
        if timeZone.identifier.hasPrefix("GMT"), !["GMT", "UTC"].contains(self.name) {
            throw Self.unknown(written, name)
        }
        self.timeZone = timeZone
    }

    private static func isWellFormed(_ name: String) -> Bool {
        name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }

    private static func unknown(_ written: String, _ name: String) -> ToolFailure {
        // Many name only the city.
        let city = name.split(separator: "/").last.map(String.init) ?? ""
        let cities = Dictionary(grouping: self.all) { $0.split(separator: "/").last.map(String.init) ?? $0 }
        let byCity = closestNames(to: city, among: Array(cities.keys), limit: 3).flatMap { cities[$0] ?? [] }
        var near: [String] = []
        for candidate in closestNames(to: name, among: self.all, limit: 3) + byCity where !near.contains(candidate) {
            near.append(candidate)
        }
        let suggestion = near.isEmpty ? "" : " Did you mean \(near.prefix(3).joined(separator: " or "))?"
        return ToolFailure(
            "There is no time zone named \"\(written.unicodeScalarPrefix(64))\".\(suggestion) "
                + "Use an IANA name, Area/City, such as Europe/Berlin, America/New_York or UTC.")
    }

    /// The letters that people use, EST or CEST, where there are any in English; else the offset, as in GMT+9.
    func abbreviation(at date: Date) -> String {
        if self.name == "UTC" { return "UTC" }
        let isDaylightSaving = self.timeZone.isDaylightSavingTime(for: date)
        // The locale's data has only the letters that are known in its own region.
        for region in ["US", "GB", "AU", "IN", "ZA", "NZ"] {
            let name = self.timeZone.localizedName(
                for: isDaylightSaving ? .shortDaylightSaving : .shortStandard,
                locale: Locale(identifier: "en_\(region)"))
            if let name, name.allSatisfy(\.isLetter), !name.isEmpty { return name }
        }
        return self.timeZone.abbreviation(for: date) ?? "GMT"
    }
}

extension String {
    fileprivate func unicodeScalarPrefix(_ most: Int) -> String {
        String(String.UnicodeScalarView(self.unicodeScalars.prefix(most)))
    }
}
