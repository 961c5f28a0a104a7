import Models
import Testing

@Suite struct TurnQueueTests {
    private typealias Queue = TurnQueue<String, String>

    @Test func `turns begin until the process has as many as it may`() {
        var queue = Queue(limit: 2, limitPerUser: 2)
        #expect(queue.add("a1", of: "a") == .started)
        #expect(queue.add("b1", of: "b") == .started)
        #expect(queue.add("c1", of: "c") == .waiting(position: 1))
        #expect(queue.remove("a1") == ["c1"])
        #expect(queue.isRunning("c1"))
        #expect(queue.runningCount == 2)
    }

    @Test func `a user has no more than their share, and nobody waits behind them`() {
        var queue = Queue(limit: 3, limitPerUser: 1)
        #expect(queue.add("a1", of: "a") == .started)
        #expect(queue.add("a2", of: "a") == .waiting(position: 1))
        #expect(queue.add("b1", of: "b") == .started)
        #expect(queue.remove("b1") == [])
        #expect(queue.remove("a1") == ["a2"])
    }

    @Test func `those that wait take turns by user`() {
        var queue = Queue(limit: 1, limitPerUser: 1)
        _ = queue.add("x", of: "x")
        for id in ["a1", "a2", "a3"] { _ = queue.add(id, of: "a") }
        #expect(queue.add("b1", of: "b") == .waiting(position: 2))
        #expect(queue.add("c1", of: "c") == .waiting(position: 3))
        #expect(queue.add("b2", of: "b") == .waiting(position: 5))
        #expect(queue.waiting == ["a1", "b1", "c1", "a2", "b2", "a3"])
        var order: [String] = []
        var last = "x"
        while let next = queue.remove(last).first {
            order.append(next)
            last = next
        }
        #expect(order == ["a1", "b1", "c1", "a2", "b2", "a3"])
    }

    @Test func `a waiting turn that is cancelled leaves its place to the next`() {
        var queue = Queue(limit: 1, limitPerUser: 1)
        _ = queue.add("x", of: "x")
        _ = queue.add("a1", of: "a")
        _ = queue.add("b1", of: "b")
        #expect(queue.remove("a1") == [])
        #expect(queue.position(of: "a1") == nil)
        #expect(queue.position(of: "b1") == 1)
        #expect(queue.remove("x") == ["b1"])
        #expect(queue.position(of: "b1") == nil)
    }

    @Test func `a turn that comes back from a person goes before its user's others`() {
        var queue = Queue(limit: 1, limitPerUser: 1, waitingLimit: 1)
        _ = queue.add("x", of: "x")
        #expect(queue.add("a2", of: "a") == .waiting(position: 1))
        #expect(queue.add("a3", of: "a") == .full)
        #expect(queue.add("a1", of: "a", isResumed: true) == .waiting(position: 1))
        #expect(queue.position(of: "a2") == 2)
    }

    @Test func `an accepted turn is not turned away, and a user with room is never too many`() {
        var queue = Queue(limit: 2, limitPerUser: 1, waitingLimit: 1)
        _ = queue.add("a1", of: "a")
        #expect(queue.add("a2", of: "a") == .waiting(position: 1))
        #expect(queue.isFull(for: "a") && !queue.isFull(for: "b"))
        #expect(queue.add("a3", of: "a") == .full)
        #expect(queue.add("a3", of: "a", isAccepted: true) == .waiting(position: 2))
        #expect(queue.add("b1", of: "b") == .started)
    }

    @Test func `a turn that is known already is where it is, and an unknown one is nowhere`() {
        var queue = Queue(limit: 1, limitPerUser: 1)
        _ = queue.add("a1", of: "a")
        #expect(queue.add("a1", of: "a") == .started)
        _ = queue.add("a2", of: "a")
        #expect(queue.add("a2", of: "a") == .waiting(position: 1))
        #expect(queue.waitingCount == 1)
        #expect(queue.remove("a9") == [])
        #expect(queue.runningCount == 1)
    }

    // MARK: Any history

    /// Plays some hundred random steps, and gives the queue and what it started to `check` after each.
    private func play(
        _ seed: UInt64, steps: Int = 250,
        _ check: (_ queue: TurnQueue<Int, Int>, _ owners: [Int: Int], _ started: [Int]) -> Void
    ) {
        var generator = SeededGenerator(seed: seed)
        var queue = TurnQueue<Int, Int>(
            limit: .random(in: 1...5, using: &generator), limitPerUser: .random(in: 1...3, using: &generator),
            waitingLimit: 40)
        var owners: [Int: Int] = [:]
        for id in 0..<steps {
            var started: [Int] = []
            if Bool.random(using: &generator) || owners.isEmpty {
                let user = Int.random(in: 0..<6, using: &generator)
                let admission = queue.add(id, of: user)
                if admission != .full { owners[id] = user }
                if admission == .started { started = [id] }
            } else if let id = owners.keys.sorted().randomElement(using: &generator) {
                owners[id] = nil
                started = queue.remove(id)
            }
            check(queue, owners, started)
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `the bounds hold, no room is wasted, and every turn is in one place`(seed: UInt64) {
        play(seed) { queue, owners, _ in
            let running = owners.keys.filter(queue.isRunning)
            let perUser = Dictionary(grouping: running) { owners[$0] ?? -1 }.mapValues(\.count)
            #expect(running.count == queue.runningCount)
            #expect(running.count <= queue.limit)
            #expect(perUser.values.allSatisfy { $0 <= queue.limitPerUser })
            #expect(queue.runningCount + queue.waitingCount == owners.count)
            #expect(queue.waitingCount <= queue.waitingLimit)
            if queue.runningCount < queue.limit {
                #expect(queue.waiting.allSatisfy { perUser[owners[$0] ?? -1, default: 0] == queue.limitPerUser })
            }
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `positions count from one without gaps, and only newcomers move anybody back`(seed: UInt64) {
        var before: [Int: Int] = [:]
        var known: Set<Int> = []
        play(seed) { queue, owners, _ in
            let positions = queue.waiting.map { queue.position(of: $0) ?? 0 }
            #expect(positions == Array(1..<(positions.count + 1)))
            let now = Dictionary(uniqueKeysWithValues: zip(queue.waiting, positions))
            let slack = known.isSuperset(of: owners.keys) ? 0 : 1
            #expect(now.allSatisfy { id, position in position <= before[id, default: position] + slack })
            before = now
            known = Set(owners.keys)
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `while somebody who could begin waits, nobody else begins twice`(seed: UInt64) {
        /// How often each other user has begun since a user has been waiting with room of their own.
        var passed: [Int: [Int: Int]] = [:]
        play(seed) { queue, owners, started in
            for id in started {
                guard let user = owners[id] else { continue }
                passed[user] = [:]
                for other in passed.keys where other != user {
                    passed[other, default: [:]][user, default: 0] += 1
                    #expect(passed[other]?[user] ?? 0 <= 1)
                }
            }
            let waitingUsers = Set(queue.waiting.compactMap { owners[$0] })
            for user in 0..<6 {
                let running = owners.keys.count { owners[$0] == user && queue.isRunning($0) }
                let isHeldUp = waitingUsers.contains(user) && running < queue.limitPerUser
                passed[user] = isHeldUp ? passed[user] ?? [:] : nil
            }
        }
    }
}
