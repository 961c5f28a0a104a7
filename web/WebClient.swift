package import Foundation

/// The browser client: the files of this folder, served as they are.
package enum WebClient {
    /// The folder that holds `index.html`, `css` and `js`.
    package static var folder: URL { Bundle.module.resourceURL ?? Bundle.module.bundleURL }
}
