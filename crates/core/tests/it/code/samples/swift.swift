import Foundation
@testable import Things

/// The most.
let limit = 10
var names: [String] = []

/// A stack.
///
/// It grows.
@objc public final class Stack<T>: Base, Sequence {
    private var items: [T] = []

    init(items: [T]) { self.items = items }

    /// Pushes.
    @discardableResult
    public func push(_ item: T) async throws -> Int {
        let local = max(1, 2)
        items.append(item)
        return local
    }
}

struct Point { let x: Int }
enum Colour { case red, green(Int) }
protocol Shape { func area() -> Double; var name: String { get } }
extension Stack: Shape { func area() -> Double { 0 } }
typealias Alias = Stack<Int>
func main() { print(Stack<Int>(items: [])) }
