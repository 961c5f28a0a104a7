/// What the demo says at length.
enum DemoText {
    static let introduction =
        "I am Whinchat's built-in demo. I am not a language model: I follow a short script, so that you can try the chat without a key."

    static let help = """
        \(introduction) This is what I can do:

        - **Remember**: say "my name is Ada", later ask "what is my name?". "What did I say?" quotes your earlier messages.
        - **Use tools**: "what is 6×7?" or "calculate (1 + 2) * 3" calls the calculator, "what time is it in Tokyo?" the clock, \
        "what is the weather in Oslo?" the forecast. "select name, stock from products" asks the sample database. "Send an \
        email to ada@example.com: tea at four?" needs your approval first. "Where am I?" and "use the dark theme" ask the page, if it offers that. "call NAME" with an \
        input in JSON behind it calls any tool.
        - **Write something long**, so that you can try Stop.
        - **Think**: ask me to think, and a thinking block comes before the answer.
        - **Break in the middle**, so that you can see an error.

        With `ANTHROPIC_API_KEY` or `OPENAI_API_KEY` set, or an Ollama running, a real model answers instead.
        """

    static let essay = """
        # The whinchat, and why a chat server bears its name

        \(introduction) What follows is the same text every time. Press **Stop** whenever you like: what has arrived stays.

        ## A small bird of open country

        The whinchat is a small songbird that breeds in the meadows and heaths of Europe and western Asia, and spends the \
        winter in Africa south of the Sahara. It weighs about as much as three sheets of paper, and flies several thousand \
        kilometres twice a year. It perches on the highest stem it can find, sings, drops to the ground for an insect, and \
        comes back to the same stem. Gorse is called *whin* in the north of England, and that is where the name is from: the \
        bird that chats in the whin.

        ## What happens while you read this

        Each word that you see took this way:

        1. The provider, here a script, says a word.
        2. The session appends it to its log. The log only grows.
        3. Every connection that follows the session has a cursor on that log, and reads on at its own pace.
        4. A slow connection sees fewer and larger pieces, and the same text in the end.

        Two tabs on the same session see the same words, and a tab that was closed comes back to where it was. A turn belongs \
        to the session and not to the connection, so that closing a tab does not stop it. Only Stop does.

        ## A little code

        This is how little a cursor needs to know:

        ```swift
        struct Cursor {
            var position: Int

            mutating func next(in log: [String]) -> ArraySlice<String> {
                let waiting = log[position...]
                position = log.endIndex
                return waiting
            }
        }
        ```

        ## What to try next

        - Press **Stop** in the middle of a word. The provider is told at once, and stops working for you.
        - Ask me to *break in the middle*. An error is shown where it happened, with what had arrived before it.
        - Open this page on your phone, and send a message from each. Both see both.
        - Ask "what is 6×7?" and watch the call to the calculator stream in, run and come back.

        ## The end

        A reply that ends by itself says so, with a reason. One that merely ceases is never taken for complete: it is marked \
        as cut off, and you can ask again. That is a small thing to insist on, and the reason why you can trust the last line \
        of a text, such as this one.
        """

    static let thinkingAboutNothing =
        "The person wants to see me think. I have no thoughts of my own, but I can show what a thinking block looks like: "
        + "it streams like text, it is set apart from the answer, and then the answer begins."
}
