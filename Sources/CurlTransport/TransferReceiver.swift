/// Hears what a transfer brings, on the event loop of its `TransferQueue`: one head, any number of body pieces, one end.
package protocol TransferReceiver: AnyObject {
    func received(_ head: ResponseHead)
    /// The bytes are valid only during the call.
    func received(_ body: UnsafeRawBufferPointer)
    /// The response is complete (nil), or the transfer failed.
    func ended(_ error: TransferError?)
}
