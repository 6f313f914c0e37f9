<?php
namespace Things\Inner;

use Some\Base;
use Other\{First, Second as Two};
require_once 'helper.php';

const LIMIT = 10;

/**
 * A stack.
 */
#[Attribute]
abstract class Stack extends Base implements \Countable
{
    use Loggable;
    const MAX = 1;
    private array $items = [];

    public function __construct(private int $size) {}

    /** Pushes. */
    public static function push(mixed $item): void
    {
        $local = helper($item);
        $this->items->add(new First($item));
        self::check();
    }
}

interface Shape { public function area(): float; }
trait Loggable { function log() {} }
enum Colour: string { case Red = 'r'; }
function main(): int { return 0; }
