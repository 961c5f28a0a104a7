/// Who writes a response as things happen. Called on the connection's event loop.
protocol HTTPOutletListener: AnyObject, Sendable {
    /// The connection takes more again.
    func outletBecameWritable()

    /// The client is gone, or says that it will send nothing more. Nothing else is called after this.
    func outletClosed()

    /// The server is about to end. Called once, also where that was so before.
    func outletShouldQuiesce()
}

extension HTTPOutletListener {
    func outletBecameWritable() {}
}
