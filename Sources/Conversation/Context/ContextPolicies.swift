/// The policies that settings can name.
package enum ContextPolicies {
    package static let all: [any ContextPolicy] = [
        NoHistory(), FullHistory(), SlidingWindow(), Summarise(), Retrieve(),
    ]

    package static var names: [String] { self.all.map { type(of: $0).name } }

    /// The policy that the settings name; nil where there is none of that name.
    package static func named(_ name: String) -> (any ContextPolicy)? {
        self.all.first { type(of: $0).name == name }
    }
}
