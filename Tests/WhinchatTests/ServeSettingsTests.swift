import ChatServer
import Foundation
import Logging
import Models
import Sessions
import Testing
import Tools

@testable import Whinchat

@Suite struct ServeSettingsTests {
    private func resolve(
        _ flags: [SettingKey: [String]] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws(SettingError) -> ServeSettings {
        var sources = [SettingSource.flags(flags), SettingSource.environment(environment)]
        if let file { sources.append(try SettingSource.json(Array(file.utf8), path: "whinchat.json")) }
        return try ServeSettings(SettingsResolution(sources: sources))
    }

    @Test func `without anything said, every setting has its default`() throws {
        let settings = try resolve()
        #expect(settings == ServeSettings())
        #expect(settings.host == "127.0.0.1" && settings.port == 8080 && settings.dataFolder == "./data")
        #expect(settings.provider == nil && settings.logLevel == .info && settings.allowedOrigins.isEmpty)
    }

    @Test func `a flag goes before the environment, that before the file`() throws {
        let environment = ["WHINCHAT_PORT": "2", "WHINCHAT_MODEL": "b"]
        let file = #"{"port": 3, "model": "c", "system": "d", "max_tokens": 4, "data": null}"#
        let settings = try resolve([.port: ["1"]], environment: environment, file: file)
        #expect(settings.port == 1 && settings.model == "b" && settings.system == "d" && settings.maxTokens == 4)
        #expect(settings.dataFolder == "./data")
    }

    @Test func `each setting has a flag, a variable and a field`() throws {
        let values: [SettingKey: String] = [
            .host: "0.0.0.0", .port: "81", .data: "/tmp/x", .provider: "openai", .baseURL: "http://127.0.0.1:9/v1",
            .model: "m", .maxTokens: "5", .system: "s", .allowOrigin: "https://a.example", .logLevel: "debug",
            .tools: "calculate", .maxRetries: "2", .fallbackModel: "f", .stallTimeout: "5",
            .drainTimeout: "6", .idleAfter: "7", .unattendedTime: "8", .unattendedTokens: "9",
            .turnTime: "10", .turnTokens: "11", .maxTurns: "12", .maxTurnsPerUser: "13", .maxWaitingTurns: "14",
            .price: "m=1/2", .sessionTokensPerDay: "15", .userTokensPerDay: "16", .sessionCostPerDay: "0.17",
            .userCostPerDay: "18",
            .modelWindow: "a=b=8192", .exactTokens: "true", .summaryModel: "sm", .embeddingModel: "em",
            .embeddingBaseURL: "http://127.0.0.1:10/v1", .metrics: "off",
        ]
        #expect(Set(values.keys) == Set(SettingKey.allCases).subtracting([.config]))
        let byFlag = try resolve(values.mapValues { [$0] })
        let byVariable = try resolve(environment: Dictionary(uniqueKeysWithValues: values.map { ($0.variable, $1) }))
        let file = values.map { key, value in
            key.isList ? "\"\(key.rawValue)\":[\"\(value)\"]" : "\"\(key.rawValue)\":\"\(value)\""
        }
        let byFile = try resolve(file: "{\(file.joined(separator: ","))}")
        #expect(byFlag == byVariable && byFlag == byFile && byFlag != ServeSettings())
        #expect(byFlag.tools == [.calculate] && byFlag.maxRetries == 2 && byFlag.fallbackModel == "f")
        #expect(byFlag.sessionLimits.stallTimeout == .seconds(5) && byFlag.metrics == .off)
        #expect(byFlag.drainTimeout == .seconds(6) && byFlag.sessionLimits.idleAfter == .seconds(7))
        #expect(byFlag.sessionLimits.unattendedTime == .seconds(8) && byFlag.sessionLimits.unattendedTokens == 9)
        #expect(byFlag.sessionLimits.turnTime == .seconds(10) && byFlag.sessionLimits.turnTokens == 11)
        let places = byFlag.sessionLimits.places
        #expect(places.turns == 12 && places.turnsPerUser == 13 && places.waiting == 14)
        #expect(byFlag.prices == ["m": TokenPrice(input: 1_000_000, output: 2_000_000)])
        let spending = byFlag.sessionLimits.spending
        #expect(spending.sessionTokens == 15 && spending.userTokens == 16)
        #expect(spending.sessionCost == 170_000 && spending.userCost == 18_000_000)
        #expect(byFlag.context.modelWindows == ["a=b": 8_192] && byFlag.context.exactTokens)
        #expect(byFlag.context.summaryModel == "sm" && byFlag.context.embeddingModel == "em")
        #expect(byFlag.context.embeddingBaseURL == "http://127.0.0.1:10/v1")
        #expect(byFlag.maxTokens == 5 && byFlag.provider == .openai && byFlag.logLevel == .debug)
    }

    @Test func `origins come as repeated flags, as a list with commas, or as an array`() throws {
        let both = [try #require(WebOrigin("https://a.example")), try #require(WebOrigin("http://b.example:81"))]
        let texts = ["https://a.example", "http://b.example:81"]
        #expect(try resolve([.allowOrigin: texts]).allowedOrigins == both)
        #expect(
            try resolve(environment: ["WHINCHAT_ALLOW_ORIGIN": texts.joined(separator: ",")]).allowedOrigins == both)
        #expect(try resolve(file: "{\"allow_origin\":[\"\(texts[0])\",\"\(texts[1])\"]}").allowedOrigins == both)
    }

    @Test func `prices come as repeated flags, as a list with commas, or as an array`() throws {
        let both = try resolve([.price: ["small=0.25/2", "org/large:1=b=3/15/0.30/3.75"]])
        #expect(both.prices.keys.sorted() == ["org/large:1=b", "small"])
        #expect(both.prices["org/large:1=b"]?.cacheRead == 300_000)
        #expect(
            try resolve(environment: ["WHINCHAT_PRICE": "small=0.25/2,org/large:1=b=3/15/0.30/3.75"]).prices
                == both.prices)
        #expect(
            try resolve(file: #"{"price":["small=0.25/2","org/large:1=b=3/15/0.30/3.75"]}"#).prices == both.prices)
    }

    @Test(arguments: ["0.5", "\"0.50\"", "5e-1"])
    func `an amount of money is a number or a text in the file`(amount: String) throws {
        let settings = try resolve(file: "{\"user_cost_per_day\":\(amount)}")
        #expect(settings.sessionLimits.spending.userCost == 500_000)
    }

    @Test func `a bound of 0 is none, and a bound on a user's turns is everybody's only where it is set`() throws {
        let settings = try resolve([.userTokensPerDay: ["0"], .userCostPerDay: ["0.00"]])
        #expect(settings.sessionLimits.spending == SpendingBounds())
        #expect(settings.sessionLimits.places.sharedOwner == "local")
        #expect(try resolve([.maxTurnsPerUser: ["4"]]).sessionLimits.places.sharedOwner == nil)
    }

    @Test func `a boolean is true or false, in quotes or not`() throws {
        #expect(try resolve(file: #"{"exact_tokens":true}"#).context.exactTokens)
        #expect(try resolve(file: #"{"exact_tokens":"true"}"#).context.exactTokens)
        #expect(try !resolve(environment: ["WHINCHAT_EXACT_TOKENS": "false"]).context.exactTokens)
        #expect(throws: SettingError.self) { try resolve(file: #"{"exact_tokens":1}"#) }
    }

    @Test(arguments: [
        (SettingKey.port, "65536"), (.port, "-1"), (.port, "80.5"), (.port, "http"), (.port, ""), (.host, ""),
        (.host, "a b"),
        (.host, "http://x"), (.data, ""), (.provider, "gemini"), (.baseURL, "example.com"), (.baseURL, "ftp://x"),
        (.baseURL, "https://x/?q"), (.model, ""), (.model, String(repeating: "m", count: 201)), (.maxTokens, "0"),
        (.maxTokens, "1000001"), (.system, String(repeating: "s", count: 32_001)), (.allowOrigin, "null"),
        (.allowOrigin, "https://a.example/path"), (.logLevel, "loud"),
        (.price, "1/2"), (.price, "=1/2"), (.price, "m=1"), (.userCostPerDay, "-1"), (.userCostPerDay, "1.1234567"),
        (.maxTurns, "0"), (.userTokensPerDay, "-1"), (.turnTime, "0"),
        (.modelWindow, "8192"), (.modelWindow, "=8192"), (.modelWindow, "m=255"), (.modelWindow, "m=many"),
        (.exactTokens, "perhaps"), (.summaryModel, ""), (.embeddingModel, ""), (.embeddingBaseURL, "x"),
    ])
    func `a bad value names its flag or its variable`(key: SettingKey, value: String) throws {
        let byFlag = try #require(throws: SettingError.self) { try resolve([key: [value]]) }
        #expect(byFlag.description.hasPrefix(key.flag) && byFlag.exitCode == 64)
        guard !value.isEmpty else { return }
        let byVariable = try #require(throws: SettingError.self) { try resolve(environment: [key.variable: value]) }
        #expect(byVariable.description.hasPrefix(key.variable) && byVariable.exitCode == 78)
    }

    @Test func `a bad number says its bounds`() throws {
        let error = try #require(throws: SettingError.self) { try resolve([.port: ["99999"]]) }
        #expect(error.description == "--port is \"99999\"; it must be a whole number from 0 to 65535.")
    }

    @Test func `an empty variable counts as not set`() throws {
        #expect(try resolve(environment: ["WHINCHAT_PORT": "", "WHINCHAT_MODEL": ""]) == ServeSettings())
    }

    @Test func `a value of another type in the file is an error, not the default`() throws {
        for file in [
            #"{"port":true}"#, #"{"port":[1]}"#, #"{"model":5}"#, #"{"port":1.5}"#, #"{"allow_origin":"x"}"#,
            #"{"user_cost_per_day":true}"#, #"{"price":"m=1/2"}"#, #"{"model":1.5}"#,
        ] {
            let error = try #require(throws: SettingError.self, "\(file)") { try resolve(file: file) }
            #expect(error.description.contains("whinchat.json") && error.exitCode == 78, "\(error)")
        }
    }

    @Test func `a field that is no setting is an error`() throws {
        let error = try #require(throws: SettingError.self) { try resolve(file: #"{"prot":1}"#) }
        #expect(error == .unknownField(path: "whinchat.json", field: "prot"))
    }

    @Test(arguments: ["", "[]", "nonsense", "{"])
    func `a file that is not a JSON object is an error`(file: String) {
        #expect(throws: SettingError.self) { try resolve(file: file) }
    }

    @Test func `a file that is not there is an error that names it`() throws {
        let error = try #require(throws: SettingError.self) {
            try ServeSettings.resolve(flags: [:], environment: ["WHINCHAT_CONFIG": "/nowhere/whinchat.json"])
        }
        #expect(error.description.contains("/nowhere/whinchat.json"))
    }

    @Test func `the config file is read from where it is named`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("whinchat-\(UUID().uuidString).json")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(#"{"port":4321,"model":"m"}"#.utf8).write(to: URL(fileURLWithPath: path))
        let settings = try ServeSettings.resolve(flags: [.config: [path], .model: ["n"]], environment: [:])
        #expect(settings.port == 4321 && settings.model == "n")
    }

    @Test func `an address in brackets is taken without them`() throws {
        #expect(try resolve([.host: ["[::1]"]]).host == "::1")
    }

    @Test func `the greeting names an address that the server answers to`() {
        #expect(
            ServeCommand.greeting(host: "127.0.0.1", port: 8080, model: "m")
                == "Whinchat is at http://127.0.0.1:8080\nm\n")
        #expect(ServeCommand.greeting(host: "::1", port: 1, model: "m").hasPrefix("Whinchat is at http://[::1]:1\n"))
        #expect(
            ServeCommand.greeting(host: "0.0.0.0", port: 1, model: "m").hasPrefix("Whinchat is at http://127.0.0.1:1 "))
    }
}
