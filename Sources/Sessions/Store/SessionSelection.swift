/// Which sessions a list has.
package enum SessionSelection: Hashable, Sendable {
    case all
    /// Those with a title or a message: not what somebody has opened and left again.
    case begun
    /// Those with a title, or a message, in which all words of a text begin words, whatever the case. The text is any that a
    /// person wrote; one without words is found nowhere.
    case matching(String)
}
