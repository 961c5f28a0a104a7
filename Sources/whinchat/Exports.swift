// What a tool is written with, so that `import Whinchat` is enough for it.
@_exported public import JSON
@_exported public import Tools
