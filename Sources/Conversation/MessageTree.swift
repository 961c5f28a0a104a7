/// A session's messages: a tree, of which the path to the head is what is shown and sent to a model.
///
/// A turn that was accepted reserves the id of its reply before there is one, so that the next message can already name
/// it as its parent. A reservation has a place among its siblings and is hopped over in a path.
package struct MessageTree: Sendable {
    private struct Node {
        var parent: String?
        var children: [String] = []
        /// How many stand before it on its path.
        var depth = 0
        /// nil: the id is only reserved.
        var message: Message?
    }

    private var nodes: [String: Node] = [:]
    private var roots: [String] = []

    /// The end of the branch that is shown and continued: a message, or a reservation. Moved by `select` alone, because a
    /// reply that comes in must not take the head back from what was queued after it.
    package private(set) var head: String?

    /// How many messages there are, on every branch; reservations are not counted.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { self.nodes.isEmpty }

    /// True for a message and for a reservation.
    package func contains(_ id: String) -> Bool { self.nodes[id] != nil }

    package func isReserved(_ id: String) -> Bool {
        if let node = self.nodes[id] { node.message == nil } else { false }
    }

    /// The message of that id; nil for a reservation and for what is not there.
    package func message(_ id: String) -> Message? { self.nodes[id]?.message }

    /// The parent that a message or a reservation names; nil for a first message and for what is not there.
    package func parent(of id: String) -> String? { self.nodes[id]?.parent }

    // MARK: Growing

    /// Keeps a place for a reply that does not exist yet.
    ///
    /// - Throws: `duplicateID`, `unknownParent`.
    package mutating func reserve(id: String, parent: String?) throws(MessageTreeError) {
        try self.add(Node(parent: parent), id: id)
    }

    /// Adds a message as the last of its siblings, or in the place that was reserved for it.
    ///
    /// - Throws: `duplicateID`, `unknownParent`, or `parentDiffers` where the reservation named another parent.
    package mutating func insert(_ message: Message) throws(MessageTreeError) {
        if let node = self.nodes[message.id], node.message == nil {
            guard node.parent == message.parent else {
                throw .parentDiffers(id: message.id, reserved: node.parent, given: message.parent)
            }
            self.nodes[message.id]?.message = message
        } else {
            try self.add(Node(parent: message.parent, message: message), id: message.id)
        }
        self.count += 1
    }

    private mutating func add(_ node: Node, id: String) throws(MessageTreeError) {
        guard self.nodes[id] == nil else { throw .duplicateID(id) }
        var node = node
        if let parent = node.parent {
            // Nothing is its own ancestor: a parent must be there before its child.
            guard let depth = self.nodes[parent]?.depth else { throw .unknownParent(id: id, parent: parent) }
            node.depth = depth + 1
            self.nodes[parent]?.children.append(id)
        } else {
            self.roots.append(id)
        }
        self.nodes[id] = node
    }

    /// Changes a message that is there; without effect where it is not, or names another parent.
    package mutating func replace(_ message: Message) {
        guard let node = self.nodes[message.id], node.message != nil, node.parent == message.parent else { return }
        self.nodes[message.id]?.message = message
    }

    /// Makes a message or a reservation the head.
    ///
    /// - Throws: `unknownMessage`.
    package mutating func select(_ id: String) throws(MessageTreeError) {
        guard self.nodes[id] != nil else { throw .unknownMessage(id) }
        self.head = id
    }

    /// Makes what was the head before the head again, as one does who takes a change back.
    package mutating func restoreHead(_ id: String?) {
        self.head = id.flatMap { self.nodes[$0] == nil ? nil : $0 }
    }

    /// Removes a message or a reservation that has no children; without effect where it has some. A head that is removed
    /// leaves no head.
    package mutating func removeLeaf(_ id: String) {
        guard let node = self.nodes[id], node.children.isEmpty else { return }
        if let parent = node.parent {
            self.nodes[parent]?.children.removeAll { $0 == id }
        } else {
            self.roots.removeAll { $0 == id }
        }
        if node.message != nil { self.count -= 1 }
        if self.head == id { self.head = nil }
        self.nodes[id] = nil
    }

    /// Forgets everything, the reservations too.
    package mutating func clear() {
        self = MessageTree()
    }

    // MARK: Reading

    /// The messages from the first one to `id`, which is included; reservations are left out. Empty where `id` is nil or
    /// not there. Costs as much as the path is long.
    ///
    /// - Parameter limit: the most messages wanted; the path's end is what is kept.
    package func path(to id: String?, limit: Int = .max) -> [Message] {
        var path: [Message] = []
        var next = id
        while let id = next, let node = self.nodes[id], path.count < limit {
            if let message = node.message { path.append(message) }
            next = node.parent
        }
        path.reverse()
        return path
    }

    /// How many messages and reservations stand before one on its path; 0 for what is not there.
    package func depth(of id: String) -> Int { self.nodes[id]?.depth ?? 0 }

    /// What has that parent, in the order in which it came, reservations included; nil: the first messages.
    package func children(of id: String?) -> [String] {
        guard let id else { return self.roots }
        return self.nodes[id]?.children ?? []
    }

    /// What has the same parent as `id`, in the order in which it came, `id` itself and reservations included. Empty where
    /// `id` is not there.
    package func siblings(of id: String) -> [String] {
        guard let node = self.nodes[id] else { return [] }
        return self.children(of: node.parent)
    }

    /// The end of the branch that goes through `id`, by the newest child at every fork; nil where `id` is not there.
    package func newestLeaf(from id: String) -> String? {
        guard var node = self.nodes[id] else { return nil }
        var leaf = id
        while let child = node.children.last, let next = self.nodes[child] {
            leaf = child
            node = next
        }
        return leaf
    }
}
