import CCurl
import Synchronization

/// The engine's side of a `Transfer`: a libcurl easy handle and what its callbacks need.
///
/// Touched only on the engine's thread once its start command is posted, hence unchecked.
final class EasyTransfer: @unchecked Sendable {
    let queue: TransferQueue
    /// Who hears of it. Nil once the transfer has ended.
    var target: Transfer?
    /// Nil before the start and after the end.
    private(set) var handle: UnsafeMutableRawPointer?
    /// The socket that libcurl uses for it, from the first time that libcurl wants it watched until it is closed.
    var socket: curl_socket_t?
    /// True from then on: libcurl has left the checks of the request behind.
    var hasReachedNetwork = false
    var isPaused = false

    /// Unsafe, which saves two atomic operations a chunk: it is used in libcurl's callbacks alone, and those come from
    /// inside the engine's own calls.
    private unowned(unsafe) var engine: EngineThread?
    private var headReader = HeadReader(limitBytes: 0)
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var errorBuffer: UnsafeMutablePointer<CChar>?
    private var errorBodyLimitBytes = 0
    /// How much of an error's body may still come; nil where the status is below 400.
    private var errorBodyLeft: Int?
    private var stopReason: StopReason?

    /// Why we made libcurl stop, which it reports as CURLE_WRITE_ERROR.
    private enum StopReason {
        case errorBodyLimit, headLimit
    }

    init(queue: TransferQueue) {
        self.queue = queue
    }

    deinit { release() }

    /// Makes the easy handle. Nil, or what libcurl refused.
    func prepare(_ request: TransferRequest, for engine: EngineThread) -> TransferError? {
        guard let handle = curl_easy_init() else {
            return TransferError(.unavailable, message: "curl_easy_init failed")
        }
        self.handle = handle
        self.engine = engine
        headReader = HeadReader(limitBytes: engine.configuration.headLimitBytes)
        errorBodyLimitBytes = request.errorBodyLimitBytes
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        buffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        errorBuffer = buffer

        var options = EasyOptions(handle: handle)
        options.setFixed()
        options.set(authorities: engine.authorities, proxy: engine.configuration.proxy)
        headerList = options.set(request)
        let context = Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_ERRORBUFFER, UnsafeRawPointer(buffer))
        options.set(CURLOPT_PRIVATE, UnsafeRawPointer(context))
        options.set(CURLOPT_HEADERDATA, UnsafeRawPointer(context))
        options.set(CURLOPT_WRITEDATA, UnsafeRawPointer(context))
        options.set(CURLOPT_CLOSESOCKETDATA, UnsafeRawPointer(Unmanaged.passUnretained(engine).toOpaque()))
        options.setCallbacks(head: Self.onHeader, body: Self.onBody, close: EngineThread.onClose)
        guard options.firstFailure == CURLE_OK else { return error(for: options.firstFailure) }
        return nil
    }

    /// Gives everything back to libcurl. The handle must have been removed from the multi handle.
    func release() {
        if let handle { curl_easy_cleanup(handle) }
        handle = nil
        curl_slist_free_all(headerList)
        headerList = nil
        errorBuffer?.deallocate()
        errorBuffer = nil
    }

    /// The end of the transfer in our terms: nil where the response is complete, or as complete as we wanted it.
    func error(for code: CURLcode) -> TransferError? {
        if code == CURLE_OK { return nil }
        switch stopReason {
        case .errorBodyLimit? where code == CURLE_WRITE_ERROR: return nil
        case .headLimit? where code == CURLE_WRITE_ERROR:
            return TransferError(
                .malformed, message: "the response's headers exceed \(headReader.limitBytes) bytes",
                curlCode: Int32(code.rawValue))
        default: break
        }
        var connectStatus = 0
        if let handle { _ = whinchat_easy_get_long(handle, CURLINFO_HTTP_CONNECTCODE, &connectStatus) }
        let detail = errorBuffer.map { String(cString: $0) } ?? ""
        return TransferError(
            code, detail: detail, hasReachedNetwork: hasReachedNetwork, hasHead: headReader.isComplete,
            connectStatus: connectStatus)
    }

    // MARK: libcurl's callbacks

    private static let onHeader: curl_write_callback = { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue()
            .receivedHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }

    private static let onBody: curl_write_callback = { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue()
            .receivedBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }

    /// Any other number than the line's length ends the transfer with CURLE_WRITE_ERROR.
    private func receivedHeader(_ line: UnsafeRawBufferPointer) -> Int {
        switch headReader.received(line) {
        case .goOn: break
        case .tooLarge:
            stopReason = .headLimit
            return 0
        case .complete(let head):
            if head.status >= 400 { errorBodyLeft = errorBodyLimitBytes }
            if let target, let delivery = engine?.delivery(for: queue) { delivery.append(.head(target, head)) }
        }
        return line.count
    }

    private func receivedBody(_ body: UnsafeRawBufferPointer) -> Int {
        guard let target, let engine else { return body.count }
        let delivery = engine.delivery(for: queue)
        if queue.undeliveredBytes.load(ordering: .relaxed) + delivery.byteCount >= queue.limitBytes {
            engine.pause(self)
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        guard let left = errorBodyLeft else {
            delivery.append(body, for: target)
            return body.count
        }
        let taken = UnsafeRawBufferPointer(rebasing: body.prefix(left))
        if !taken.isEmpty { delivery.append(taken, for: target) }
        errorBodyLeft = left - taken.count
        if taken.count < body.count {
            stopReason = .errorBodyLimit
            return 0
        }
        return body.count
    }
}
