package import Conversation

/// A piece of a reply that is not finished, as checkpoints keep it.
///
/// A reply is a list of items, its blocks and its tools' results. The text of one item may come in several pieces; a checkpoint
/// costs what is new since the one before, however long the reply is.
package struct ReplyPiece: Hashable, Sendable {
    /// The piece's place among all of the reply's pieces: unique, and growing.
    package var number: Int
    /// The item that it belongs to.
    package var item: Int
    /// For text and thinking what was added, for other kinds the whole block.
    package var block: ContentBlock

    package init(number: Int, item: Int, block: ContentBlock) {
        self.number = number
        self.item = item
        self.block = block
    }
}

extension [ReplyPiece] {
    /// The reply that the pieces, in any order, make together, without blocks that say nothing.
    package var content: [ContentBlock] {
        items.filter { block in
            switch block {
            case .text(let text): !text.isEmpty
            case .thinking(let thinking): !thinking.text.isEmpty || thinking.signature != nil
            default: true
            }
        }
    }

    /// All items of the reply, in their order: a turn that goes on after a restart counts on from them.
    package var items: [ContentBlock] {
        var content: [(item: Int, block: ContentBlock)] = []
        for piece in sorted(by: { ($0.item, $0.number) < ($1.item, $1.number) }) {
            if let last = content.last, last.item == piece.item {
                content[content.count - 1].block = last.block.joined(with: piece.block)
            } else {
                content.append((piece.item, piece.block))
            }
        }
        return content.map(\.block)
    }
}

extension ContentBlock {
    fileprivate func joined(with next: ContentBlock) -> ContentBlock {
        switch (self, next) {
        case (.text(let text), .text(let more)):
            .text(text + more)
        case (.thinking(let thinking), .thinking(let more)):
            .thinking(Thinking(text: thinking.text + more.text, signature: more.signature ?? thinking.signature))
        default: next
        }
    }
}
