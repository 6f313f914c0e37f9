#include <vector>

using namespace std;

namespace things::inner {

/// A stack.
template <typename T>
class Stack final : public Base<T> {
public:
    explicit Stack(std::vector<T> items) : items_(items) {}
    ~Stack() = default;
    void push(const T &item);
    T &operator[](size_t i) { return items_[i]; }
    static const int limit = 10;

private:
    std::vector<T> items_;
};

enum class Colour { Red, Green };

struct Point { int x, y; };

using Alias = Stack<int>;

}  // namespace

template <typename T>
void things::inner::Stack<T>::push(const T &item) {
    items_.push_back(std::move(item));
    helper<int>(1);
    auto p = new Point();
}

int main() { return 0; }
