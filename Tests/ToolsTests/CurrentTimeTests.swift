import Foundation
import JSON
import Testing
import Tools

@Suite struct CurrentTimeTests {
    /// 2026-11-21T12:34:56.789Z, a Saturday.
    private static let november: Int64 = 1_795_264_496_789
    /// 2026-07-01T23:30:00.000Z, a Wednesday.
    private static let july: Int64 = 1_782_948_600_000

    private func time(_ zone: JSONValue? = nil, at moment: Int64 = Self.november) async throws -> String {
        try await CurrentTime(now: { moment }).run(zone.map { .object(["time_zone": $0]) } ?? [:])
    }

    private func failure(_ zone: String) async -> String {
        do {
            return "no error, but \(try await self.time(.string(zone)))"
        } catch {
            return (error as? ToolFailure)?.message ?? "\(error)"
        }
    }

    @Test func `without a zone it is UTC`() async throws {
        #expect(try await self.time() == "2026-11-21T12:34:56.789+00:00, Saturday, UTC (UTC)")
        #expect(try await self.time(nil as JSONValue) == "2026-11-21T12:34:56.789+00:00, Saturday, UTC (UTC)")
    }

    @Test(arguments: [
        ("Europe/Berlin", "2026-11-21T13:34:56.789+01:00, Saturday, Europe/Berlin (CET)"),
        ("America/New_York", "2026-11-21T07:34:56.789-05:00, Saturday, America/New_York (EST)"),
        ("Asia/Kolkata", "2026-11-21T18:04:56.789+05:30, Saturday, Asia/Kolkata (IST)"),
        ("Asia/Tokyo", "2026-11-21T21:34:56.789+09:00, Saturday, Asia/Tokyo (GMT+9)"),
        ("Pacific/Kiritimati", "2026-11-22T02:34:56.789+14:00, Sunday, Pacific/Kiritimati (GMT+14)"),
        ("Europe/London", "2026-11-21T12:34:56.789+00:00, Saturday, Europe/London (GMT)"),
        ("UTC", "2026-11-21T12:34:56.789+00:00, Saturday, UTC (UTC)"),
    ])
    func `the zone's own date, weekday, offset and letters are told`(zone: String, text: String) async throws {
        #expect(try await self.time(.string(zone)) == text)
    }

    @Test(arguments: [
        ("Europe/Berlin", "2026-07-02T01:30:00.000+02:00, Thursday, Europe/Berlin (CEST)"),
        ("America/New_York", "2026-07-01T19:30:00.000-04:00, Wednesday, America/New_York (EDT)"),
        ("Europe/London", "2026-07-02T00:30:00.000+01:00, Thursday, Europe/London (BST)"),
    ])
    func `summer time counts`(zone: String, text: String) async throws {
        #expect(try await self.time(.string(zone), at: Self.july) == text)
    }

    @Test(arguments: [
        ("europe/berlin", "Europe/Berlin"), ("America/new york", "America/New_York"), (" utc ", "UTC"),
        ("US/Pacific", "US/Pacific"), ("Etc/GMT+2", "Etc/GMT+2"), ("America/Argentina/Buenos_Aires", "Buenos_Aires"),
    ])
    func `a name is taken whatever its case, and older names too`(written: String, name: String) async throws {
        #expect(try await self.time(.string(written)).contains(name))
    }

    @Test(arguments: [
        ("Europe/Berln", "Europe/Berlin"), ("Berlin", "Europe/Berlin"), ("new york", "America/New_York"),
        ("America/NewYork", "America/New_York"), ("Asia/Tokio", "Asia/Tokyo"), ("Germany/Berlin", "Europe/Berlin"),
    ])
    func `an unknown name gets near ones suggested`(written: String, near: String) async {
        let failure = await self.failure(written)
        #expect(failure.hasPrefix("There is no time zone named \"\(written)\"."))
        #expect(failure.contains("Did you mean "))
        #expect(failure.contains(near))
    }

    @Test(arguments: [
        "", "/", "Mars/Olympus_Mons", "GMT+2", "UTC+1", "../../etc/passwd", "/etc/localtime", "a\u{0}b", "💬",
    ])
    func `anything else is refused with a word on how to name a zone`(written: String) async {
        let failure = await self.failure(written)
        #expect(failure.contains("There is no time zone named"))
        #expect(failure.contains("Use an IANA name"))
    }

    @Test func `the system's clock is told where no other is given`() async throws {
        let before = Date(timeIntervalSinceNow: -0.001)
        let text = try await CurrentTime().run([:])
        let written = try #require(text.split(separator: ",").first)
        let told = try Date(String(written), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        #expect(before...Date(timeIntervalSinceNow: 0.001) ~= told)
    }

    @Test func `the schema takes a zone, null or nothing`() {
        let validator = JSONSchemaValidator(schema: CurrentTime().inputSchema)
        for input in [[:], ["time_zone": nil], ["time_zone": "UTC"]] as [JSONValue] {
            #expect(validator.failures(in: input).isEmpty)
        }
        for input in [["time_zone": 1], ["zone": "UTC"], "UTC"] as [JSONValue] {
            #expect(validator.failures(in: input).count == 1)
        }
    }
}
