/// A value that is looked up when somebody asks, such as how many connections are open.
package struct MetricSample: Sendable {
    package var name: String
    package var labels: [(String, String)]
    package var value: Double

    package init(_ name: String, _ labels: [(String, String)], _ value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }

    package init(_ name: String, _ labels: [(String, String)], _ value: Int) {
        self.init(name, labels, Double(value))
    }
}
