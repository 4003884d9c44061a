<?php

declare(strict_types=1);

namespace App\Pollution;

use AllowDynamicProperties;
use AppendIterator;
use ArrayIterator;
use ArrayObject;
use CachingIterator;
use Closure;
use Collator;
use CurlHandle;
use DateInterval;
use DatePeriod;
use DateTime;
use DOMDocument;
use finfo;
use Generator;
use HashContext;
use IntlCalendar;
use MultipleIterator;
use NumberFormatter;
use Random\Engine\Mt19937;
use SimpleXMLElement;
use SplDoublyLinkedList;
use SplFileInfo;
use SplFixedArray;
use SplMinHeap;
use SplObjectStorage;
use SplPriorityQueue;
use SplQueue;
use SQLite3;
use WeakMap;
use XMLWriter;
use XSLTProcessor;

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

    public AppendIterator $appended;

    public CachingIterator $cached;

    public MultipleIterator $several;

    public SplFileInfo $file;

    public DatePeriod $period;

    public Mt19937 $engine;

    public CurlHandle $curl;

    public XMLWriter $writer;

    public XSLTProcessor $sheet;

    public finfo $magic;

    public Collator $collator;

    public IntlCalendar $calendar;

    public SQLite3 $sqlite;

    /** @var resource */
    public $stream;

    /** @var resource a file that others may want to lock */
    public $locked;

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
        $this->appended = new AppendIterator();
        $this->appended->append(new ArrayIterator(['clean']));
        $this->cached = new CachingIterator(new ArrayIterator(['clean']), CachingIterator::FULL_CACHE);
        $this->several = new MultipleIterator();
        $this->file = new SplFileInfo(__FILE__);
        $this->period = new DatePeriod(new DateTime('2001-02-03'), $this->interval, 3);
        $this->engine = new Mt19937(42);
        $this->curl = curl_init();
        $this->writer = new XMLWriter();
        $this->writer->openMemory();
        $this->sheet = new XSLTProcessor();
        $this->magic = new finfo();
        $this->collator = new Collator('en');
        $this->calendar = IntlCalendar::createInstance('UTC', 'en');
        $this->calendar->setTime(0.0);
        $this->sqlite = new SQLite3(':memory:');
        $this->sqlite->exec('create table notes (text)');
        $this->locked = fopen(storage_path('app/locked'), 'c+b');
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
