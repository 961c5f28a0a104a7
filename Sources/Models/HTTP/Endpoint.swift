/// A base URL and a path, with one slash between them whether or not the base ends with one.
func endpoint(of baseURL: String, path: String) -> String {
    var base = baseURL[...]
    while base.last == "/" { base.removeLast() }
    return base + path
}
