/// What `/proc/self/stat` says (proc(5)).
struct ProcessStatistics: Equatable {
    /// In user and kernel mode.
    var cpuTicks: Int
    var threads: Int
    /// Since the machine started.
    var startTicks: Int
    var virtualBytes: Int
    var residentPages: Int

    /// nil where the text is not that.
    init?(_ text: String) {
        // The second field is the program's name in brackets, which may have anything in it: the last bracket ends it.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // The first of these is the third of all.
        func field(_ number: Int) -> Int? { number - 3 < fields.count ? Int(fields[number - 3]) : nil }
        guard let user = field(14), let kernel = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let resident = field(24)
        else { return nil }
        cpuTicks = user + kernel
        self.threads = threads
        startTicks = start
        virtualBytes = virtual
        residentPages = resident
    }
}
