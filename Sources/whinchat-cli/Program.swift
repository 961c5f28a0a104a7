import Whinchat

@main
struct Program {
    static func main() async { await WhinchatProgram.main() }
}
