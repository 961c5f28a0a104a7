import ChatProtocol
import Conversation
import Logging
import Models

// What of the history a model gets to see, and what is learned of how models count it.
extension ChatSession {
    // MARK: Planning

    /// What of its path a turn's model gets to see.
    ///
    /// - Returns: where the turn's message does not fit the model's window, a plan of that message alone, and the error.
    func plan(for turn: Turn) -> (ContextPlan, ContextError?) {
        let accepted = turn.accepted
        var input = contextInput(to: accepted.parent, settings: turn.settings, tools: turn.tools.descriptions)
        if let admission, admission.turn == accepted.id { input.rankings = admission.rankings }
        let policy = ContextPolicies.named(turn.settings.context.policy) ?? SlidingWindow()
        do throws(ContextError) {
            let plan = try policy.plan(for: input)
            if input.earlierMessages == 0 || plan.droppedMessages + plan.summarisedMessages > input.earlierMessages {
                return (plan, nil)
            }
            // There is room for more than was looked at.
            (input.path, input.earlierMessages) = (tree.path(to: accepted.parent), 0)
            return (try policy.plan(for: input), nil)
        } catch {
            let message = input.path.suffix(1)
            let head = PromptHead(system: turn.settings.system, tools: input.tools)
            let tokens = input.estimator.tokens(in: Array(message), head: head)
            let plan = ContextPlan(
                messages: Array(message), policy: type(of: policy).name, sentMessages: message.count,
                droppedMessages: input.earlierMessages + input.path.count - message.count, estimatedTokens: tokens,
                head: head)
            return (plan, error)
        }
    }

    /// Messages. Of a longer path the newest 4,000 to 5,000 are looked at, as each costs a microsecond or two of the loop's
    /// time: more than any window has. Where older ones are left out moves in steps, so that prompts go on beginning alike.
    private static let (plannedMessages, plannedStep) = (4_000, 1_000)

    /// What a policy decides by, on the path to a message.
    func contextInput(
        to id: String, settings: SessionSettings, tools: [ToolDescription]
    ) -> ContextInput {
        // These look at all there is.
        let isBounded = ![FullHistory.name, Retrieve.name].contains(settings.context.policy)
        let length = tree.depth(of: id) + 1
        let left = isBounded ? max(0, length - Self.plannedMessages) / Self.plannedStep * Self.plannedStep : 0
        var input = contextInput(tree.path(to: id, limit: length - left), settings: settings, tools: tools)
        input.earlierMessages = left
        return input
    }

    /// What a policy decides by, for this session.
    func contextInput(
        _ path: [Message], settings: SessionSettings, tools: [ToolDescription]
    ) -> ContextInput {
        ContextInput(
            path: path, settings: settings, windowTokens: environment.context.windows.tokens(of: settings.model),
            tools: tools, estimator: estimator(of: settings.model), summaries: context.summaries)
    }

    private func estimator(of model: String) -> TokenEstimator {
        context.estimators[model]
            ?? TokenEstimator(model: model, calibration: environment.context.calibrations[model])
    }

    // MARK: Length

    /// - Throws: `message_too_long` where the model could not read the message, whatever of the history is left out.
    func admitLength(of message: Message, in turn: AcceptedTurn) throws(CommandError) {
        guard environment.context.windows.tokens(of: turn.settings.model) != nil else { return }
        let input = contextInput([message], settings: turn.settings, tools: tools(of: turn).descriptions)
        do throws(ContextError) {
            _ = try NoHistory().plan(for: input)
        } catch {
            throw CommandError(.messageTooLong, error.description, field: "text")
        }
    }

    // MARK: Learning

    /// Learns from what the provider counted for the running turn's first call: those after it have the reply's beginning as
    /// well.
    func learn(fromFirstCall usage: Usage?) {
        // What the provider only estimates itself is no better than ours.
        guard let running, !running.isResumed, let usage, !usage.estimated else { return }
        learn(
            running.plan, model: running.model,
            reported: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens)
    }

    func learn(_ plan: ContextPlan, model: String, reported tokens: Int) {
        guard tokens > 0 else { return }
        var estimator = estimator(of: model)
        let lesson = estimator.learn(plan, reported: tokens)
        context.keep(estimator)
        environment.logger.debug(
            "tokens were estimated",
            metadata: [
                "session": "\(id)", "model": "\(model)", "reported": "\(tokens)",
                "error": "\((lesson.error * 1000).rounded() / 10) %",
            ])
        guard environment.context.calibrations.observe(lesson, of: model) else { return }
        Task { [environment] in await environment.saveCalibrations() }
    }
}

extension SessionEnvironment {
    func loadCalibrations() async {
        do throws(SessionStoreError) {
            context.calibrations.restore(try await store.calibrations())
        } catch {
            // They are learned again.
            logger.warning("token calibrations cannot be read", metadata: ["error": "\(error)"])
        }
    }

    func saveCalibrations() async {
        guard let calibrations = context.calibrations.takeUnsaved() else { return }
        do throws(SessionStoreError) {
            try await store.save(calibrations)
        } catch {
            logger.warning("token calibrations cannot be saved", metadata: ["error": "\(error)"])
        }
    }
}
