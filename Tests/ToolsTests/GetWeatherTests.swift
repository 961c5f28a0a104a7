import CurlTransport
import JSON
import NIOCore
import Synchronization
import Testing
import Tools
import WhinchatTesting

@Suite struct GetWeatherTests {
    /// Open-Meteo's two services, as far as the tool uses them.
    private func ask(
        _ input: JSONValue, places: String = berlin, forecast: String = GetWeatherTests.forecast, status: Int = 200
    ) async throws -> (output: String, paths: [String]) {
        let paths = Mutex<[String]>([])
        var output = ""
        try await Network.withServer({ exchange in
            let path = exchange.request.path
            paths.withLock { $0.append(path) }
            let isSearch = path.hasPrefix("/v1/search?")
            try await exchange.respond(status: status, body: isSearch ? places : forecast)
        }) { server in
            let tool = GetWeather(
                transfers: try Network.transfers(),
                service: .init(geocoding: server.baseURL, forecast: server.baseURL), requestLimit: .seconds(120))
            do {
                output = try await tool.run(input)
            } catch let failure as ToolFailure {
                output = "failed: \(failure.message)"
            }
        }
        return (output, paths.withLock { $0 })
    }

    @Test func `a place's weather is told in words, with the service's units`() async throws {
        let (output, paths) = try await ask(["place": "Berlin"])
        #expect(
            output == """
                Berlin, State of Berlin, Germany:
                Now (2025-11-21T14:15 local time): 3.4°C, feels like -0.6°C, light rain, wind 17.3 km/h from SW, \
                humidity 81 %, precipitation 0.2 mm
                2025-11-21: light rain, 0.9°C to 4.1°C, precipitation 1.4 mm (chance 78 %)
                2025-11-22: overcast, -1.2°C to 2.8°C, precipitation 0.0 mm (chance 5 %)
                Other places of that name: Berlin, New Hampshire, United States.
                Source: Open-Meteo
                """)
        #expect(paths.first == "/v1/search?name=Berlin&count=10&language=en&format=json")
        #expect(
            paths.last?.hasPrefix("/v1/forecast?latitude=52.52437&longitude=13.41053&current=temperature_2m%2C") == true
        )
        #expect(paths.last?.hasSuffix("&timezone=auto&forecast_days=3") == true)
    }

    @Test func `what stands behind the comma chooses among places of one name`() async throws {
        for place in ["Berlin, New Hampshire", "Berlin, USA", "Berlin ,us", "Berlin, United States"] {
            let (output, paths) = try await ask(["place": .string(place)])
            #expect(output.hasPrefix("Berlin, New Hampshire, United States:"))
            #expect(!output.contains("Other places"))
            #expect(paths.first?.hasPrefix("/v1/search?name=Berlin&") == true)
        }
        let (output, _) = try await ask(["place": "Berlin, Peru"])
        #expect(output.hasPrefix("failed: No Berlin was found in peru. There is: Berlin, State of Berlin, Germany;"))
    }

    @Test func `coordinates need no name, and units and days are passed on`() async throws {
        let (output, paths) = try await ask(
            ["latitude": -33.5, "longitude": 151, "days": 7, "units": "imperial", "place": nil])
        #expect(output.hasPrefix("-33.5, 151.0:\nNow"))
        #expect(paths.count == 1)
        #expect(paths.first?.contains("latitude=-33.5&longitude=151.0&") == true)
        #expect(
            paths.first?.hasSuffix(
                "forecast_days=7&temperature_unit=fahrenheit&wind_speed_unit=mph&precipitation_unit=inch") == true)
    }

    @Test func `a place is data in the address, whatever is in it`() async throws {
        let (_, paths) = try await ask(["place": "São Paulo&count=99#/../?x=\u{7f}"])
        #expect(
            paths.first
                == "/v1/search?name=S%C3%A3o%20Paulo%26count%3D99%23%2F..%2F%3Fx%3D%7F&count=10&language=en&format=json"
        )
    }

    @Test(
        arguments: [
            [:], ["latitude": 1], ["longitude": 1], ["place": "Berlin", "latitude": 1, "longitude": 1],
        ] as [JSONValue])
    func `one way to say where is wanted`(input: JSONValue) async throws {
        let (output, paths) = try await ask(input)
        #expect(output == "failed: Give either place, or both latitude and longitude.")
        #expect(paths.isEmpty)
    }

    @Test(
        arguments: [
            ["place": "B"], ["place": 5], ["latitude": 91, "longitude": 0], ["place": "Berlin", "days": 8],
            ["place": "Berlin", "units": "kelvin"], ["place": "Berlin", "url": "http://x"],
        ] as [JSONValue])
    func `what the schema refuses never reaches the network`(input: JSONValue) throws {
        let tool = GetWeather(transfers: try Network.transfers())
        #expect(!JSONSchemaValidator(schema: tool.inputSchema).failures(in: input).isEmpty)
    }

    @Test func `an unknown place is said to be one`() async throws {
        let (output, _) = try await ask(["place": "Xyzzy"], places: #"{"generationtime_ms":0.5}"#)
        #expect(output.hasPrefix("failed: No place named \"Xyzzy\" was found."))
    }

    // MARK: When the service does not answer as it should

    @Test func `a service that keeps silent is given up`() async throws {
        let server = try await FakeProvider.start()
        let tool = GetWeather(
            transfers: try Network.transfers(),
            service: .init(geocoding: server.baseURL, forecast: server.baseURL), requestLimit: .milliseconds(50))
        let failure = await #expect(throws: ToolFailure.self) { try await tool.run(["place": "Berlin"]) }
        #expect(failure?.message.contains("did not answer in time") == true)
        await server.stop()
    }

    @Test func `without a network the tool says so`() async throws {
        let server = try await FakeProvider.start()
        let address = server.baseURL
        await server.stop()
        let tool = GetWeather(
            transfers: try Network.transfers(), service: .init(geocoding: address, forecast: address),
            requestLimit: .seconds(120))
        let failure = await #expect(throws: ToolFailure.self) { try await tool.run(["place": "Berlin"]) }
        #expect(failure?.message.contains("offline") == true)
    }

    @Test func `the service's own error is passed on`() async throws {
        let (output, _) = try await ask(
            ["place": "Berlin"], places: #"{"error":true,"reason":"Too many requests"}"#, status: 429)
        #expect(output == "failed: The weather service refused the request (HTTP 429): Too many requests")
    }

    @Test(arguments: ["<html>", "[]", "{}", "null", #"{"current":5,"daily":{"time":"x"}}"#, ""])
    func `an answer that is no forecast is a failure`(forecast: String) async throws {
        let (output, _) = try await ask(["place": "Berlin"], forecast: forecast)
        #expect(output.hasPrefix("failed: The weather service"))
    }

    @Test func `an answer without end is cut off`() async throws {
        try await Network.withServer({ exchange in
            try await exchange.sendHead(headers: [("content-type", "application/json")])
            for _ in 0..<20 { try await exchange.sendChunk(String(repeating: "[", count: 10_000)) }
        }) { server in
            let tool = GetWeather(
                transfers: try Network.transfers(),
                service: .init(geocoding: server.baseURL, forecast: server.baseURL), requestLimit: .seconds(120))
            let failure = await #expect(throws: ToolFailure.self) { try await tool.run(["place": "Berlin"]) }
            #expect(failure?.message.contains("more than can be a forecast") == true)
            #expect(try await server.connections.first?.closed().isByPeer == true)
        }
    }

    @Test func `cancelling closes the connection`() async throws {
        let server = try await FakeProvider.start()
        let tool = GetWeather(
            transfers: try Network.transfers(), service: .init(geocoding: server.baseURL, forecast: server.baseURL),
            requestLimit: .seconds(120))
        let task = Task { try await tool.run(["place": "Berlin"]) }
        let exchange = try await server.nextExchange(within: .minutes(2))
        task.cancel()
        #expect(try await exchange.connection.closed().isByPeer)
        await #expect(throws: CancellationError.self) { try await task.value }
        await server.stop()
    }

    static let berlin = """
        {"results":[{"id":2950159,"name":"Berlin","latitude":52.52437,"longitude":13.41053,"elevation":74.0,\
        "feature_code":"PPLC","country_code":"DE","admin1_id":2950157,"timezone":"Europe/Berlin","population":3426354,\
        "country":"Germany","admin1":"State of Berlin"},{"id":5083330,"name":"Berlin","latitude":44.46867,\
        "longitude":-71.18508,"country_code":"US","timezone":"America/New_York","country":"United States",\
        "admin1":"New Hampshire","admin2":"Coos"}],"generationtime_ms":0.7}
        """

    static let forecast = """
        {"latitude":52.52,"longitude":13.419998,"generationtime_ms":0.15,"utc_offset_seconds":3600,\
        "timezone":"Europe/Berlin","timezone_abbreviation":"GMT+1","elevation":38.0,"current_units":{"time":"iso8601",\
        "interval":"seconds","temperature_2m":"°C","apparent_temperature":"°C","relative_humidity_2m":"%",\
        "precipitation":"mm","weather_code":"wmo code","wind_speed_10m":"km/h","wind_direction_10m":"°"},"current":{\
        "time":"2025-11-21T14:15","interval":900,"temperature_2m":3.4,"apparent_temperature":-0.6,\
        "relative_humidity_2m":81,"precipitation":0.20,"weather_code":61,"wind_speed_10m":17.3,\
        "wind_direction_10m":231},"daily_units":{"time":"iso8601","weather_code":"wmo code","temperature_2m_max":"°C",\
        "temperature_2m_min":"°C","precipitation_sum":"mm","precipitation_probability_max":"%"},"daily":{"time":[\
        "2025-11-21","2025-11-22"],"weather_code":[61,3],"temperature_2m_max":[4.1,2.8],"temperature_2m_min":[0.9,-1.2],\
        "precipitation_sum":[1.40,0.00],"precipitation_probability_max":[78,5]}}
        """
}
