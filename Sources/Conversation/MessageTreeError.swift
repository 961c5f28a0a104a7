/// Why a message has no place in the tree.
package enum MessageTreeError: Error, Hashable, Sendable {
    case unknownParent(id: String, parent: String)
    case duplicateID(String)
    /// The id was reserved under another parent.
    case parentDiffers(id: String, reserved: String?, given: String?)
    case unknownMessage(String)
}
