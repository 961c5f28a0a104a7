import Models

/// How long sessions and their turns go on by themselves.
package struct SessionLimits: Hashable, Sendable {
    /// How long a session with nothing to do keeps its history in memory. 60 s: a person who reads a reply comes back within
    /// that, and reading it again from the disk costs a millisecond.
    package var idleAfter = Duration.seconds(60)
    /// How long a turn goes on that nobody follows. 10 minutes: longer than a tunnel, a reload or a flat battery takes.
    package var unattendedTime = Duration.seconds(600)
    /// How long a reply may get that nobody follows, in tokens, estimated. 32,000: whoever asked for more stays.
    package var unattendedTokens = 32_000
    /// How long a turn goes on, all its rounds together, without the time that it waits for a place or awaits somebody. 15 minutes:
    /// the longest replies of today's models take some ten.
    package var turnTime = Duration.seconds(900)
    /// How much a turn may say, all its rounds together, in tokens, estimated while it streams. 200,000: more than any model says
    /// in one reply today, so that only a turn that goes in circles meets it.
    package var turnTokens = 200_000
    /// What a session and a user may use in a day.
    package var spending = SpendingBounds()
    /// How long a provider may send nothing at all before its call fails.
    package var stallTimeout = ModelRequest.defaultStallTimeout
    /// How long a person is waited for who is to allow a tool call. An hour: long enough for a meeting; what was to be sent may be
    /// out of date after it.
    package var approvalTime = Duration.seconds(3600)
    /// How long a client may take to run a tool. 60 s: a person may have to be asked, for a place or a file.
    package var clientToolTime = Duration.seconds(60)
    /// How many turns run at once, and how many wait.
    package var places = TurnPlaces.Bounds()

    package init() {}
}
