import ChatServer
import Testing

@Suite struct IdentityCookieTests {
    @Test func `what was issued proves the same identity again`() throws {
        let cookie = IdentityCookie(key: try IdentityKey())
        let value = try cookie.issue()
        let identity = try #require(cookie.identity(in: "theme=dark; \(cookie.name)=\(value); x=y"))
        guard case .anonymous(let id) = identity else {
            Issue.record("not anonymous: \(identity)")
            return
        }
        #expect(id.count == 32 && value.hasPrefix("\(id)."))
        #expect(identity.ownerKey == "anonymous:\(id)")
    }

    @Test func `every browser is somebody else`() throws {
        let cookie = IdentityCookie(key: try IdentityKey())
        let values = try (0..<100).map { _ in try cookie.issue() }
        #expect(Set(values).count == 100)
    }

    @Test func `a change of any digit is refused`() throws {
        let cookie = IdentityCookie(key: try IdentityKey())
        let value = try cookie.issue()
        for index in value.indices {
            var changed = value
            changed.replaceSubrange(index...index, with: value[index] == "0" ? "1" : "0")
            #expect(cookie.identity(in: "\(cookie.name)=\(changed)") == nil, "\(changed)")
        }
    }

    @Test func `uppercase, cut, longer or empty values are refused`() throws {
        let cookie = IdentityCookie(key: try IdentityKey())
        let value = try cookie.issue()
        for changed in [value.uppercased(), String(value.dropLast()), value + "0", "", "."] where changed != value {
            #expect(cookie.identity(in: "\(cookie.name)=\(changed)") == nil, "\(changed)")
        }
    }

    @Test func `another key's cookie has another name and another signature`() throws {
        let ours = IdentityCookie(key: try IdentityKey())
        let theirs = IdentityCookie(key: try IdentityKey())
        let value = try theirs.issue()
        #expect(ours.name != theirs.name)
        #expect(ours.identity(in: "\(ours.name)=\(value)") == nil)
    }

    @Test func `a valid one counts among several of the same name`() throws {
        let cookie = IdentityCookie(key: try IdentityKey())
        let value = try cookie.issue()
        #expect(cookie.value(in: "\(cookie.name)=stale; \(cookie.name)=\(value)") == value)
    }

    @Test func `its attributes keep scripts and other sites away`() throws {
        let cookie = IdentityCookie(key: try IdentityKey())
        let plain = cookie.setCookie("v", isSecure: false)
        #expect(plain == "\(cookie.name)=v; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax")
        #expect(cookie.setCookie("v", isSecure: true) == plain + "; Secure")
    }
}
