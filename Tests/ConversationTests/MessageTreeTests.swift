import Conversation
import Testing

@Suite struct MessageTreeTests {
    private func message(_ id: String, after parent: String?, role: Role = .user) -> Message {
        Message(id: id, parent: parent, role: role, content: [.text(id)], createdAt: 0, turn: "t_1")
    }

    private func tree(_ links: [(String, String?)]) throws -> MessageTree {
        var tree = MessageTree()
        for (id, parent) in links { try tree.insert(self.message(id, after: parent)) }
        return tree
    }

    @Test func `a new tree is empty and has no head`() {
        let tree = MessageTree()
        #expect(tree.isEmpty)
        #expect(tree.count == 0)
        #expect(tree.head == nil)
        #expect(tree.path(to: tree.head) == [])
    }

    @Test func `a path goes from the first message to the one that is asked for`() throws {
        let tree = try self.tree([("u1", nil), ("a1", "u1"), ("u2", "a1"), ("a2", "u2")])
        #expect(tree.path(to: "u2").map(\.id) == ["u1", "a1", "u2"])
        #expect(tree.count == 4)
    }

    @Test func `a path follows its own branch only`() throws {
        let tree = try self.tree([("u1", nil), ("a1", "u1"), ("a1b", "u1"), ("u2", "a1"), ("u2b", "a1b")])
        #expect(tree.path(to: "u2").map(\.id) == ["u1", "a1", "u2"])
        #expect(tree.path(to: "u2b").map(\.id) == ["u1", "a1b", "u2b"])
    }

    @Test func `a depth counts what stands before, reservations too`() throws {
        var tree = try self.tree([("u1", nil), ("a1", "u1"), ("u2", "a1")])
        try tree.reserve(id: "a2", parent: "u2")
        try tree.insert(self.message("u3", after: "a2"))
        #expect(["u1", "a1", "u2", "u3"].map(tree.depth) == [0, 1, 2, 4])
        #expect(tree.depth(of: "nothing") == 0)
    }

    @Test func `a limited path keeps its end`() throws {
        let tree = try self.tree([("u1", nil), ("a1", "u1"), ("u2", "a1")])
        #expect(tree.path(to: "u2", limit: 2).map(\.id) == ["a1", "u2"])
        #expect(tree.path(to: "u2", limit: 0) == [])
    }

    @Test func `the path to what is not there is empty`() throws {
        let tree = try self.tree([("u1", nil)])
        #expect(tree.path(to: "nobody") == [])
        #expect(tree.path(to: nil) == [])
    }

    @Test func `siblings stand in the order in which they came`() throws {
        let tree = try self.tree([("u1", nil), ("a1", "u1"), ("a2", "u1"), ("u1b", nil), ("a3", "u1")])
        #expect(tree.siblings(of: "a2") == ["a1", "a2", "a3"])
        #expect(tree.siblings(of: "u1") == ["u1", "u1b"])
        #expect(tree.siblings(of: "nobody") == [])
        #expect(tree.children(of: "u1") == ["a1", "a2", "a3"])
        #expect(tree.children(of: nil) == ["u1", "u1b"])
        #expect(tree.children(of: "u1b") == [])
    }

    @Test func `a message can follow a reply that does not exist yet`() throws {
        var tree = try self.tree([("u1", nil)])
        try tree.reserve(id: "a1", parent: "u1")
        try tree.insert(self.message("u2", after: "a1"))
        #expect(tree.path(to: "u2").map(\.id) == ["u1", "u2"])
        #expect(tree.isReserved("a1"))
        #expect(tree.contains("a1"))
        #expect(tree.message("a1") == nil)
        #expect(tree.count == 2)
    }

    @Test func `a reply takes the place that was reserved for it`() throws {
        var tree = try self.tree([("u1", nil)])
        try tree.reserve(id: "a1", parent: "u1")
        try tree.reserve(id: "a2", parent: "u1")
        try tree.insert(self.message("u2", after: "a1"))
        try tree.insert(self.message("a2", after: "u1", role: .assistant))
        try tree.insert(self.message("a1", after: "u1", role: .assistant))
        #expect(tree.siblings(of: "a1") == ["a1", "a2"])
        #expect(tree.path(to: "u2").map(\.id) == ["u1", "a1", "u2"])
        #expect(!tree.isReserved("a1"))
        #expect(tree.count == 4)
    }

    @Test func `the path to a reservation is the path to its parent`() throws {
        var tree = try self.tree([("u1", nil)])
        try tree.reserve(id: "a1", parent: "u1")
        #expect(tree.path(to: "a1").map(\.id) == ["u1"])
    }

    @Test func `several reservations in a row are hopped over`() throws {
        var tree = try self.tree([("u1", nil)])
        try tree.reserve(id: "a1", parent: "u1")
        try tree.reserve(id: "a2", parent: "a1")
        try tree.insert(self.message("u2", after: "a2"))
        #expect(tree.path(to: "u2").map(\.id) == ["u1", "u2"])
        #expect(tree.path(to: "u2", limit: 2).map(\.id) == ["u1", "u2"])
    }

    @Test func `a reply under another parent than the reserved one is refused`() throws {
        var tree = try self.tree([("u1", nil), ("u2", "u1")])
        try tree.reserve(id: "a1", parent: "u1")
        #expect(throws: MessageTreeError.parentDiffers(id: "a1", reserved: "u1", given: "u2")) {
            try tree.insert(self.message("a1", after: "u2"))
        }
        #expect(tree.isReserved("a1"))
        #expect(tree.count == 2)
    }

    @Test func `an unknown parent is refused and leaves nothing behind`() throws {
        var tree = MessageTree()
        #expect(throws: MessageTreeError.unknownParent(id: "u1", parent: "a0")) {
            try tree.insert(self.message("u1", after: "a0"))
        }
        #expect(throws: MessageTreeError.unknownParent(id: "a1", parent: "u1")) {
            try tree.reserve(id: "a1", parent: "u1")
        }
        #expect(tree.isEmpty)
        #expect(tree.count == 0)
    }

    @Test func `a message cannot be its own parent`() {
        var tree = MessageTree()
        #expect(throws: MessageTreeError.unknownParent(id: "u1", parent: "u1")) {
            try tree.insert(self.message("u1", after: "u1"))
        }
    }

    @Test func `an id is given once`() throws {
        var tree = try self.tree([("u1", nil)])
        try tree.reserve(id: "a1", parent: "u1")
        #expect(throws: MessageTreeError.duplicateID("u1")) { try tree.insert(self.message("u1", after: nil)) }
        #expect(throws: MessageTreeError.duplicateID("u1")) { try tree.reserve(id: "u1", parent: nil) }
        #expect(throws: MessageTreeError.duplicateID("a1")) { try tree.reserve(id: "a1", parent: "u1") }
        #expect(tree.children(of: nil) == ["u1"])
        #expect(tree.count == 1)
    }

    @Test func `the head moves only when it is told to`() throws {
        var tree = try self.tree([("u1", nil)])
        try tree.reserve(id: "a1", parent: "u1")
        try tree.insert(self.message("u2", after: "a1"))
        try tree.select("u2")
        try tree.insert(self.message("a1", after: "u1", role: .assistant))
        #expect(tree.head == "u2")
        #expect(throws: MessageTreeError.unknownMessage("nobody")) { try tree.select("nobody") }
        #expect(tree.head == "u2")
    }

    @Test func `the newest leaf follows the newest child at every fork`() throws {
        let tree = try self.tree([("u1", nil), ("a1", "u1"), ("a2", "u1"), ("u2", "a1"), ("u3", "a2"), ("u4", "a2")])
        #expect(tree.newestLeaf(from: "u1") == "u4")
        #expect(tree.newestLeaf(from: "a1") == "u2")
        #expect(tree.newestLeaf(from: "u3") == "u3")
        #expect(tree.newestLeaf(from: "nobody") == nil)
    }

    // MARK: Taking back

    @Test func `what was added last can be taken out again, as if it had never been`() throws {
        var tree = try self.tree([("u1", nil), ("a1", "u1")])
        try tree.select("a1")
        try tree.insert(self.message("u2", after: "a1"))
        try tree.reserve(id: "a2", parent: "u2")
        try tree.select("a2")
        tree.removeLeaf("a2")
        tree.removeLeaf("u2")
        tree.restoreHead("a1")
        #expect(tree.head == "a1")
        #expect(tree.count == 2)
        #expect(!tree.contains("a2") && !tree.contains("u2"))
        #expect(tree.children(of: "a1") == [])
        try tree.insert(self.message("u2", after: "a1"))
        #expect(tree.path(to: "u2").map(\.id) == ["u1", "a1", "u2"])
    }

    @Test func `a first message, and one among siblings, can be taken out`() throws {
        var tree = try self.tree([("u1", nil), ("u1b", nil), ("a1", "u1"), ("a2", "u1"), ("a3", "u1")])
        tree.removeLeaf("u1b")
        tree.removeLeaf("a2")
        #expect(tree.children(of: nil) == ["u1"])
        #expect(tree.siblings(of: "a1") == ["a1", "a3"])
        #expect(tree.count == 3)
    }

    @Test func `what has children stays, and what is not there is passed over`() throws {
        var tree = try self.tree([("u1", nil), ("a1", "u1")])
        tree.removeLeaf("u1")
        tree.removeLeaf("nobody")
        #expect(tree.path(to: "a1").map(\.id) == ["u1", "a1"])
        #expect(tree.count == 2)
    }

    @Test func `a head that is taken out leaves none, and none can be restored that is not there`() throws {
        var tree = try self.tree([("u1", nil), ("a1", "u1")])
        try tree.select("a1")
        tree.removeLeaf("a1")
        #expect(tree.head == nil)
        tree.restoreHead("u1")
        #expect(tree.head == "u1")
        tree.restoreHead("a1")
        #expect(tree.head == nil)
        tree.restoreHead("u1")
        tree.restoreHead(nil)
        #expect(tree.head == nil)
    }

    @Test func `a cleared tree takes the same ids again`() throws {
        var tree = try self.tree([("u1", nil), ("a1", "u1")])
        try tree.select("a1")
        tree.clear()
        #expect(tree.isEmpty)
        #expect(tree.head == nil)
        #expect(tree.count == 0)
        try tree.insert(self.message("u1", after: nil))
        #expect(tree.path(to: "u1").map(\.id) == ["u1"])
    }
}
