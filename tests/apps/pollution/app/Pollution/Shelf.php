<?php

declare(strict_types=1);

namespace App\Pollution;

use AllowDynamicProperties;
use ArrayIterator;
use ArrayObject;
use Closure;
use DateInterval;
use DateTime;
use DOMDocument;
use Generator;
use HashContext;
use NumberFormatter;
use SimpleXMLElement;
use SplDoublyLinkedList;
use SplFixedArray;
use SplMinHeap;
use SplObjectStorage;
use SplPriorityQueue;
use SplQueue;
use WeakMap;

/** A singleton that is there from the start and keeps state in every way that PHP has. */
#[AllowDynamicProperties]
final class Shelf
{
    public int $typed;

    public readonly string $once;

    public string $plain = 'clean';

    /** @var array<string, mixed> */
    public array $nested = ['a' => ['b' => 'clean']];

    /** @var array<string, mixed> */
    public array $referring = [];

    public string $behind = 'clean';

    public ArrayObject $list;

    public ArrayIterator $iterator;

    public SplObjectStorage $objects;

    public WeakMap $weak;

    public SplQueue $queue;

    public SplDoublyLinkedList $linked;

    public SplFixedArray $fixed;

    public SplMinHeap $heap;

    public SplPriorityQueue $priorities;

    public DateTime $date;

    public DateInterval $interval;

    public Generator $generator;

    public Closure $closure;

    public DOMDocument $document;

    public SimpleXMLElement $xml;

    public HashContext $hash;

    public NumberFormatter $formatter;

    /** @var resource */
    public $stream;

    public function __construct()
    {
        $this->referring['x'] = &$this->behind;
        $this->list = new ArrayObject(['clean']);
        $this->iterator = new ArrayIterator(['a', 'b', 'c']);
        $this->objects = new SplObjectStorage();
        $this->objects[$this] = 'clean';
        $this->weak = new WeakMap();
        $this->weak[$this] = 'clean';
        $this->queue = new SplQueue();
        $this->queue->push('clean');
        $this->linked = new SplDoublyLinkedList();
        $this->fixed = SplFixedArray::fromArray(['clean']);
        $this->heap = new SplMinHeap();
        $this->heap->insert(2);
        $this->priorities = new SplPriorityQueue();
        $this->date = new DateTime('2001-02-03T04:05:06Z');
        $this->interval = new DateInterval('P1D');
        $this->generator = self::numbers();
        $this->generator->current();
        $this->closure = function (): string {
            return $this->plain;
        };
        $this->document = new DOMDocument();
        $this->document->loadXML('<shelf/>');
        $this->xml = new SimpleXMLElement('<shelf/>');
        $this->hash = hash_init('md5');
        $this->formatter = new NumberFormatter('en', NumberFormatter::DECIMAL);
        $this->stream = fopen('php://memory', 'w+b');
        fwrite($this->stream, 'clean');
        rewind($this->stream);
    }

    private static function numbers(): Generator
    {
        for ($i = 0; ; $i++) {
            yield $i;
        }
    }
}
