/// Who may ask a model now, and in which order the rest wait: at most `limit` at once for the process and `limitPerUser` for
/// each user; those that wait take turns by user, so that a hundred questions of one do not stand before the one of another.
///
/// A pure value: whoever holds it starts what it names, and tells it of every end.
package struct TurnQueue<User: Hashable & Sendable, ID: Hashable & Sendable>: Sendable {
    package enum Admission: Hashable, Sendable {
        /// It may begin at once.
        case started
        /// It waits; `position` counts from 1.
        case waiting(position: Int)
        /// As many wait as may.
        case full
    }

    /// What runs at once in the process.
    package let limit: Int
    /// What runs at once for one user.
    package let limitPerUser: Int
    /// What waits, all users together. Default 10,000: some 200 bytes each, and a wait that nobody would sit out.
    package let waitingLimit: Int

    /// Turns that run or wait, and whose they are.
    private var users: [ID: User] = [:]
    private var running: Set<ID> = []
    private var runningOfUser: [User: Int] = [:]
    /// A user's waiting turns, the first one first. Never empty.
    private var waitingOfUser: [User: [ID]] = [:]
    /// The users with waiting turns, in the order in which they get their next one.
    private var ring: [User] = []

    /// - Parameters:
    ///   - limit, limitPerUser: at least 1 each.
    package init(limit: Int, limitPerUser: Int, waitingLimit: Int = 10_000) {
        self.limit = max(1, limit)
        self.limitPerUser = max(1, limitPerUser)
        self.waitingLimit = max(0, waitingLimit)
    }

    package var runningCount: Int { running.count }
    package var waitingCount: Int { users.count - running.count }
    package func isRunning(_ id: ID) -> Bool { running.contains(id) }

    /// Whether as many wait as may, and one more of this user would have to wait too.
    package func isFull(for user: User) -> Bool { waitingCount >= waitingLimit && !mayBegin(user) }

    /// Lets a turn begin, or wait. One that is known already is where it is.
    ///
    /// - Parameters:
    ///   - isAccepted: its user was told already that it will run, so it is never `full`.
    ///   - isResumed: it ran before, gave up its place to wait for a person, and goes before the user's other ones.
    package mutating func add(
        _ id: ID, of user: User, isAccepted: Bool = false, isResumed: Bool = false
    ) -> Admission {
        guard users[id] == nil else {
            return running.contains(id) ? .started : .waiting(position: position(of: id) ?? 1)
        }
        // Nobody who may begin waits while there is room, so the newcomer overtakes nobody but those at their own bound.
        if mayBegin(user) {
            users[id] = user
            begin(id, of: user)
            return .started
        }
        // What has been accepted once is not turned away in its middle.
        guard waitingCount < waitingLimit || isAccepted || isResumed else { return .full }
        users[id] = user
        if waitingOfUser[user] == nil { ring.append(user) }
        if isResumed {
            waitingOfUser[user, default: []].insert(id, at: 0)
        } else {
            waitingOfUser[user, default: []].append(id)
        }
        return .waiting(position: position(of: id) ?? 1)
    }

    /// A turn has ended, was cancelled, or gives up its place while it waits for a person. Without effect for an unknown one.
    ///
    /// - Returns: those that begin in its place, in order.
    package mutating func remove(_ id: ID) -> [ID] {
        guard let user = users.removeValue(forKey: id) else { return [] }
        if running.remove(id) != nil {
            let left = (runningOfUser[user] ?? 1) - 1
            runningOfUser[user] = left == 0 ? nil : left
        } else {
            waitingOfUser[user]?.removeAll { $0 == id }
            if waitingOfUser[user]?.isEmpty == true { leaveRing(user) }
        }
        return startWaiting()
    }

    /// Where a waiting turn stands, from 1; nil where it does not wait. The count is of those before it in the order of taking
    /// turns, also of users who are at their own bound: it may move up by more than one, and others' new turns may move
    /// it down by at most one for each other user.
    package func position(of id: ID) -> Int? {
        guard let user = users[id], let own = waitingOfUser[user]?.firstIndex(of: id),
            let place = ring.firstIndex(of: user)
        else { return nil }
        var before = own
        for (index, other) in ring.enumerated() where other != user {
            // Of each other user those of the rounds before, and of this round where that user comes first.
            before += min(waitingOfUser[other]?.count ?? 0, index < place ? own + 1 : own)
        }
        return before + 1
    }

    /// All that wait, in the order of their positions: for telling each where it stands.
    package var waiting: [ID] {
        var lists = ring.map { waitingOfUser[$0] ?? [] }
        var order: [ID] = []
        var round = 0
        while !lists.isEmpty {
            order += lists.map { $0[round] }
            round += 1
            lists.removeAll { $0.count == round }
        }
        return order
    }

    private func mayBegin(_ user: User) -> Bool {
        running.count < limit && hasRoom(user) && waitingOfUser[user] == nil
    }

    private func hasRoom(_ user: User) -> Bool { runningOfUser[user, default: 0] < limitPerUser }

    private mutating func begin(_ id: ID, of user: User) {
        running.insert(id)
        runningOfUser[user, default: 0] += 1
    }

    private mutating func startWaiting() -> [ID] {
        var started: [ID] = []
        while running.count < limit, let place = ring.firstIndex(where: hasRoom) {
            let user = ring.remove(at: place)
            var own = waitingOfUser[user] ?? []
            let id = own.removeFirst()
            waitingOfUser[user] = own.isEmpty ? nil : own
            if !own.isEmpty { ring.append(user) }
            begin(id, of: user)
            started.append(id)
        }
        return started
    }

    private mutating func leaveRing(_ user: User) {
        waitingOfUser[user] = nil
        ring.removeAll { $0 == user }
    }
}
