import Foundation

extension SessionStore {
    /// Sessions read at once: 200, some 100 KB.
    private var pageSize: Int { 200 }

    /// For a store without an index over sessions: looks through titles and first words, and finds each word of the text anywhere
    /// in them, whatever the case and the accents.
    package func summaries(
        of owner: Owner, matching text: String, before: SessionSummary?, limit: Int
    ) async throws(SessionStoreError) -> [SessionSummary] {
        let words = SearchWords.query(text)
        var found: [SessionSummary] = []
        var last = before
        while true {
            let page = try await summaries(of: owner, before: last, limit: pageSize)
            for summary in page where !words.isEmpty {
                let text = "\(summary.title)\n\(summary.firstWords)"
                guard
                    words.allSatisfy({ text.range(of: $0, options: [.caseInsensitive, .diacriticInsensitive]) != nil })
                else { continue }
                found.append(summary)
                if found.count == limit { return found }
            }
            guard page.count == pageSize else { return found }
            last = page.last
        }
    }
}
