import JSON
import Testing
import Tools

@Suite struct JSONSchemaValidatorTests {
    private func failures(_ value: JSONValue, _ schema: JSONValue, patterns: Bool = false) -> [String] {
        JSONSchemaValidator(schema: schema, checksPatterns: patterns).failures(in: value).map(\.description)
    }

    private func allows(_ value: JSONValue, _ schema: JSONValue) -> Bool { self.failures(value, schema).isEmpty }

    // MARK: type

    @Test func `each type takes its own values and no others`() {
        let values: [(String, JSONValue)] = [
            ("null", nil), ("boolean", true), ("string", "a"), ("array", []), ("object", [:]), ("number", 1.5),
        ]
        for (type, _) in values {
            for (name, value) in values {
                #expect(self.allows(value, ["type": .string(type)]) == (type == name), "\(name) as \(type)")
            }
        }
    }

    @Test func `a number without a fraction is an integer, however it is written`() {
        #expect(self.allows(1, ["type": "integer"]))
        #expect(self.allows(1.0, ["type": "integer"]))
        #expect(self.allows(1e30, ["type": "integer"]))
        #expect(self.allows(1, ["type": "number"]))
        #expect(!self.allows(1.5, ["type": "integer"]))
    }

    @Test func `one of several types is enough`() {
        let schema: JSONValue = ["type": ["string", "null"]]
        #expect(self.allows("a", schema))
        #expect(self.allows(nil, schema))
        #expect(self.failures(1, schema) == ["input must be a string or null, but is the number 1."])
    }

    @Test func `a wrong type is said once, without the complaints that follow from it`() {
        let schema: JSONValue = ["type": "string", "minLength": 3, "enum": ["abc"]]
        #expect(self.failures(["a"], schema) == ["input must be a string, but is an array of 1."])
    }

    // MARK: objects

    private let person: JSONValue = [
        "type": "object",
        "properties": [
            "name": ["type": "string"], "age": ["type": "integer", "minimum": 0],
            "address": ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]],
        ],
        "required": ["name"], "additionalProperties": false,
    ]

    @Test func `a whole object passes`() {
        #expect(self.allows(["name": "Ada", "age": 36, "address": ["city": "London", "zip": 1]], self.person))
        #expect(self.allows(["name": "Ada"], self.person))
    }

    @Test func `a missing member, a wrong one and an unknown one are each named by their path`() {
        #expect(
            self.failures(["age": -1, "nmae": "Ada", "address": [:]], self.person) == [
                "input.name is required but missing.",
                "input.address.city is required but missing.",
                "input.age must be at least 0, but is -1.",
                "input.nmae is not known; the known fields are: address, age, name.",
            ])
    }

    @Test func `null is a value, not an absence`() {
        #expect(self.failures(["name": nil], self.person) == ["input.name must be a string, but is null."])
    }

    @Test func `what is not described is allowed unless the schema says otherwise`() {
        #expect(self.allows(["a": 1], [:]))
        #expect(self.allows(["a": 1], ["properties": ["b": ["type": "string"]]]))
        let integers: JSONValue = ["properties": ["a": true], "additionalProperties": ["type": "integer"]]
        #expect(self.allows(["a": "x", "b": 1], integers))
        #expect(self.failures(["b": "x"], integers) == [#"input.b must be an integer, but is the string "x"."#])
    }

    @Test func `a name that is no plain word is quoted in the path`() {
        #expect(
            self.failures(["two words": 1], ["properties": ["two words": ["type": "string"]]])
                == [#"input["two words"] must be a string, but is the number 1."#])
    }

    // MARK: arrays

    @Test func `each element is checked and named by its index`() {
        let schema: JSONValue = ["type": "array", "items": ["properties": ["n": ["type": "integer"]]]]
        #expect(self.allows([["n": 1], ["n": 2]], schema))
        #expect(
            self.failures([["n": 1], ["n": "2"]], schema) == [#"input[1].n must be an integer, but is the string "2"."#]
        )
    }

    @Test func `an array keeps to its number of elements`() {
        let schema: JSONValue = ["minItems": 1, "maxItems": 2]
        #expect(self.allows([1], schema))
        #expect(self.allows([1, 2], schema))
        #expect(self.failures([], schema) == ["input must have at least 1 elements, but has 0."])
        #expect(self.failures([1, 2, 3], schema) == ["input must have at most 2 elements, but has 3."])
    }

    // MARK: enum and const

    @Test func `only the listed values pass`() {
        let schema: JSONValue = ["enum": ["celsius", "kelvin", 1, nil]]
        #expect(self.allows("kelvin", schema))
        #expect(self.allows(1.0, schema))
        #expect(self.allows(nil, schema))
        #expect(
            self.failures("Kelvin", schema)
                == [#"input must be one of "celsius", "kelvin", 1, null, but is the string "Kelvin"."#])
    }

    @Test func `a constant is equal as JSON is equal`() {
        #expect(self.allows(["a": [1, 2.0]], ["const": ["a": [1.0, 2]]]))
        #expect(!self.allows(["a": [1]], ["const": ["a": [1, 2]]]))
        #expect(!self.allows(["a": 1, "b": 1], ["const": ["a": 1]]))
        #expect(!self.allows(true, ["const": 1]))
        #expect(self.failures(2, ["const": 1]) == ["input must be 1, but is the number 2."])
    }

    // MARK: numbers

    @Test func `bounds are inclusive and exclusive as they say`() {
        #expect(self.allows(1, ["minimum": 1, "maximum": 1]))
        #expect(self.failures(0, ["minimum": 1]) == ["input must be at least 1, but is 0."])
        #expect(self.failures(1.5, ["maximum": 1]) == ["input must be at most 1, but is 1.5."])
        #expect(self.failures(1, ["exclusiveMinimum": 1]) == ["input must be more than 1, but is 1."])
        #expect(self.failures(1, ["exclusiveMaximum": 1.0]).count == 1)
        #expect(self.allows(1, ["exclusiveMinimum": 0.5, "exclusiveMaximum": 1.5]))
    }

    @Test func `large integers are compared exactly`() {
        let bound: JSONValue = 9_007_199_254_740_993
        #expect(!self.allows(9_007_199_254_740_992, ["minimum": bound]))
        #expect(self.allows(9_007_199_254_740_993, ["minimum": bound]))
    }

    // MARK: strings

    @Test func `lengths are counted in scalars`() {
        #expect(self.allows("e\u{301}", ["minLength": 2, "maxLength": 2]))
        #expect(self.allows("💬", ["minLength": 1, "maxLength": 1]))
        #expect(self.failures("", ["minLength": 1]) == ["input must not be empty."])
        #expect(self.failures("a", ["minLength": 2]) == ["input must have at least 2 characters, but has 1."])
        #expect(self.failures("abc", ["maxLength": 2]) == ["input must have at most 2 characters, but has 3."])
    }

    @Test func `a pattern counts only where it is trusted, and need not match the whole`() {
        let schema: JSONValue = ["pattern": "[0-9]{2}"]
        #expect(self.failures("a1", schema, patterns: false) == [])
        #expect(self.failures("a12b", schema, patterns: true) == [])
        #expect(
            self.failures("a1", schema, patterns: true)
                == [#"input must match the regular expression [0-9]{2}, but is "a1"."#])
        #expect(self.failures("a", ["pattern": "("], patterns: true) == [])
    }

    @Test func `a long value is cut in the sentence`() throws {
        let failure = try #require(self.failures(.string(String(repeating: "a", count: 500)), ["type": "null"]).first)
        #expect(failure.unicodeScalars.count < 200)
        #expect(failure.contains("…"))
    }

    // MARK: combinations

    @Test func `all of, any of and one of`() {
        let number: JSONValue = ["type": "number"]
        let small: JSONValue = ["maximum": 10]
        #expect(self.allows(5, ["allOf": [number, small]]))
        #expect(self.failures(11, ["allOf": [number, small]]) == ["input must be at most 10, but is 11."])
        #expect(self.allows("x", ["anyOf": [number, ["type": "string"]]]))
        #expect(self.allows(11, ["oneOf": [number, small]]))
        #expect(
            self.failures(5, ["oneOf": [number, small]])
                == ["input must have exactly one of the allowed forms, but has 2."])
        #expect(
            self.failures(true, ["anyOf": [number, ["type": "string"]]]) == [
                "input has none of the allowed forms: (1) input must be a number, but is true; "
                    + "(2) input must be a string, but is true."
            ])
    }

    @Test func `true allows everything and false nothing`() {
        #expect(self.allows(1, true))
        #expect(self.failures(["a": 1], ["properties": ["a": false]]) == ["input.a must not be there."])
    }

    @Test func `unknown keywords and misshapen ones are ignored`() {
        let schema: JSONValue = [
            "$ref": "#/x", "format": "date", "type": "object", "title": 1, "required": "a", "properties": [],
            "minLength": "x", "enum": 1, "anyOf": 3,
        ]
        #expect(self.allows(["a": 1], schema))
        #expect(self.allows(1, ["type": "float"]))
    }

    // MARK: bounds

    @Test func `no more failures are told than can be put right at once`() {
        let value = JSONValue.array((0..<1_000).map { .int($0) })
        #expect(self.failures(value, ["items": ["type": "string"]]).count == JSONSchemaValidator.maximumFailures)
    }

    @Test func `a value nested deeper than the bound is refused, not followed`() {
        var value: JSONValue = 1
        var schema: JSONValue = [:]
        for _ in 0..<1_000 {
            value = [value]
            schema = ["items": schema]
        }
        #expect(self.failures(value, schema).first?.hasSuffix("is nested deeper than 64 levels.") == true)
    }
}
