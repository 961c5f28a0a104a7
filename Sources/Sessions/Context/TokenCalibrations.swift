package import Conversation
import NIOConcurrencyHelpers

/// What all sessions have learned of the models' tokenisers, for those that begin.
///
/// As many as models that clients may choose.
package final class TokenCalibrations: Sendable {
    private struct State {
        var calibrations: [String: TokenCalibration] = [:]
        /// Lessons since they were last saved.
        var unsaved = 0
    }

    /// Lessons. A crash costs no more than these, which the next turns teach again.
    private static let lessonsPerSave = 32

    private let state = NIOLockedValueBox(State())

    package init() {}

    /// What a session with this model begins with.
    package subscript(model: String) -> TokenCalibration {
        state.withLockedValue { $0.calibrations[model] ?? TokenCalibration() }
    }

    /// - Returns: whether it is time to save.
    package func observe(_ lesson: TokenLesson, of model: String) -> Bool {
        state.withLockedValue { state in
            state.calibrations[model, default: TokenCalibration()].observe(lesson)
            state.unsaved += 1
            return state.unsaved % Self.lessonsPerSave == 0
        }
    }

    /// What an earlier process has learned; what was learned since counts before it.
    package func restore(_ calibrations: [String: TokenCalibration]) {
        state.withLockedValue { $0.calibrations.merge(calibrations) { learned, _ in learned } }
    }

    /// What is to be saved; nil where nothing was learned since the last time.
    package func takeUnsaved() -> [String: TokenCalibration]? {
        state.withLockedValue { state in
            guard state.unsaved > 0 else { return nil }
            state.unsaved = 0
            return state.calibrations
        }
    }
}
