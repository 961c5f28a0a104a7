import Foundation
import Prometheus

/// What the system says of this process, under the names that Prometheus' own clients have. Empty where there is no /proc.
enum ProcessSamples {
    static func current() -> [MetricSample] {
        var samples: [MetricSample] = []
        if let statistics = ProcessStatistics(text("/proc/self/stat") ?? "") {
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            let page = sysconf(Int32(_SC_PAGESIZE))
            samples += [
                MetricSample("process_cpu_seconds_total", [], Double(statistics.cpuTicks) / ticks),
                MetricSample("process_resident_memory_bytes", [], statistics.residentPages * page),
                MetricSample("process_virtual_memory_bytes", [], statistics.virtualBytes),
                MetricSample("process_threads", [], statistics.threads),
            ]
            if let boot = bootTime {
                samples.append(
                    MetricSample("process_start_time_seconds", [], boot + Double(statistics.startTicks) / ticks))
            }
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            // One of them was for looking.
            samples.append(MetricSample("process_open_fds", [], open - 1))
        }
        var limit = rlimit()
        #if os(Linux)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        if getrlimit(resource, &limit) == 0 {
            samples.append(MetricSample("process_max_fds", [], Double(limit.rlim_cur)))
        }
        return samples
    }

    /// When the machine started, in seconds since 1970; it does not change.
    private static let bootTime: Double? = text("/proc/stat")?.split(separator: "\n")
        .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
