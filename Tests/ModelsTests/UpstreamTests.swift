import CurlTransport
import Testing

@testable import Models

@Suite struct UpstreamTests {
    @Test(arguments: [
        ("plain text stays", "plain text stays"), ("the key my-secret! is wrong", "the key [key removed]! is wrong"),
        ("sk-ant-api03-abcdefghijkl is wrong", "[key removed] is wrong"),
        ("got 'sk-abcd****wxyz'", "got '[key removed]'"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "Bearer [key removed]"),
        ("keys begin with sk- as you know", "keys begin with sk- as you know"),
        ("request req_011CSHoEeqs5C35K2UUqR7Fy", "request req_011CSHoEeqs5C35K2UUqR7Fy"),
    ])
    func `keys are removed from what a provider says`(text: String, expected: String) {
        #expect(UpstreamText(secrets: ["my-secret", ""]).clean(text) == expected)
    }

    @Test func `messages are cut to 1,000 scalars`() {
        let text = UpstreamText()
        #expect(text.clean(String(repeating: "e\u{301}", count: 5000)).unicodeScalars.count == 1000)
        #expect(text.clean(String(repeating: "ab ", count: 100_000)).unicodeScalars.count == 1000)
    }

    @Test(
        arguments: [
            ("7", 7000), ("0", 0), ("0.5", 500), ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
            ("Sun, 06 Nov 1994 08:49:00 GMT", 0), ("-1", nil), ("soon", nil), ("1e9", 86_400_000),
            ("Sun, 32 Nov 1994 08:49:47 GMT", nil),
            ("", nil),
        ] as [(String, Int?)])
    func `retry-after is seconds or a date`(value: String, milliseconds: Int?) {
        let head = ResponseHead(status: 429, headers: [("retry-after", value)])
        #expect(RetryAfter.duration(in: head, now: 784_111_777) == milliseconds.map { .milliseconds($0) })
    }

    @Test func `dates are counted right over leap years`() {
        #expect(RetryAfter.secondsSince1970(httpDate: "Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(RetryAfter.secondsSince1970(httpDate: "Thu, 29 Feb 2024 23:59:59 GMT") == 1_709_251_199)
        #expect(RetryAfter.secondsSince1970(httpDate: "Fri, 01 Mar 2024 00:00:00 GMT") == 1_709_251_200)
        #expect(RetryAfter.secondsSince1970(httpDate: "Sat, 21 Nov 2026 11:32:31 GMT") == 1_795_260_751)
    }

    @Test(arguments: TransferError.Kind.allCases) func `every failed transfer has its code`(kind: TransferError.Kind) {
        let expected: (ModelError.Code, Bool) =
            switch kind {
            case .couldNotResolve, .couldNotConnect, .proxy: (.unreachable, true)
            case .tls: (.unreachable, false)
            case .connectTimeout: (.timeout, true)
            case .truncated, .connectionLost: (.truncated, true)
            case .malformed: (.malformed, false)
            case .invalidRequest: (.internal, false)
            case .unavailable: (.internal, true)
            }
        let error = ModelError(TransferError(kind, message: "m"))
        #expect((error.code, error.retryable) == expected)
        #expect(error.message == "m")
    }

    @Test(
        arguments: [
            ("req_011CSHoEeqs5C35K2UUqR7Fy", "req_011CSHoEeqs5C35K2UUqR7Fy"), ("my-secret", "[key removed]"),
            ("id my-\u{200B}sec\nret", "id [key removed]"), ("sk-ant-api03-abcdefghijkl", "[key removed]"),
            ("a\u{0}\u{1B}é😀b", "ab"), ("\u{202E}", nil), ("", nil), (nil, nil),
        ] as [(String?, String?)])
    func `a request's id is passed on without keys, in printable ASCII`(id: String?, expected: String?) {
        #expect(UpstreamText(secrets: ["my-secret"]).cleanRequestID(id) == expected)
    }

    @Test func `a request's id is cut to 200 characters`() {
        #expect(UpstreamText().cleanRequestID(String(repeating: "r", count: 5000))?.count == 200)
    }
}
