/// A whole response, for services that say little at a time.
package struct FetchedResponse: Hashable, Sendable {
    package var head: ResponseHead
    package var body: [UInt8]

    package init(head: ResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}
