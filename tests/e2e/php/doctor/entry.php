<?php

/*
 * An application in which every path leaves something else behind, and some nothing.
 */

require __DIR__ . '/vendor/acme/cache/src/Cache.php';

class Events
{
    private array $listeners = [];

    public function listen(string $event, Closure $do): void
    {
        $this->listeners[$event][] = $do;
    }
}

class Config
{
    private array $items = ['app' => ['name' => 'Demo', 'secret' => 'boot-secret'], 'db' => ['host' => 'localhost']];

    public function set(string $section, string $key, string $value): void
    {
        $this->items[$section][$key] = $value;
    }
}

class Request
{
    public static array $macros = [];
}

#[AllowDynamicProperties]
class Tenant
{
    private string $name = 'nobody';

    protected ?object $user = null;

    public function enter(string $name): void
    {
        $this->name = $name;
        $this->user = new stdClass();
    }
}

final class Node
{
    public ?Node $next = null;
}

function counter(): int
{
    static $n = 0;

    return ++$n;
}

$events = new Events();
$config = new Config();
$tenant = new Tenant();
$cache = new Acme\Cache();
$pdo = new PDO('sqlite::memory:');
$listen = require __DIR__ . '/vendor/acme/listeners/src/listeners.php';
$chain = new Node();
$storage = new SplObjectStorage();

return static function () use ($events, $config, $tenant, $cache, $pdo, $listen, $chain, $storage): void {
    $secret = 'secret-of-the-request';
    switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
        case '/':
            break;
        case '/lazy':
            $cache->store();
            break;
        case '/cache':
            Acme\Cache::$items[] = $secret;
            break;
        case '/late':
            require_once __DIR__ . '/vendor/acme/late/src/Late.php';
            Acme\Late::remember($secret);
            break;
        case '/listener':
            $listen($events);
            break;
        case '/config':
            $config->set('app', 'secret', $secret);
            break;
        case '/singleton':
            $tenant->enter($secret);
            break;
        case '/macro':
            Request::$macros['greet'] = static fn (): string => 'hello';
            break;
        case '/ini':
            ini_set('precision', '5');
            break;
        case '/define':
            defined('LEFT_BY_REQUEST') || define('LEFT_BY_REQUEST', $secret);
            break;
        case '/environment':
            putenv('LEFT_BY_REQUEST=' . $secret);
            break;
        case '/transaction':
            $pdo->inTransaction() || $pdo->beginTransaction();
            break;
        case '/global':
            $GLOBALS["left\x1b[31m\x07\xff\xc2\x9bname\t\n"] = $secret;
            break;
        case '/globals':
            for ($i = 0; $i < 500; $i++) {
                $GLOBALS["left$i"] = $i;
            }
            break;
        case '/function':
            counter();
            break;
        case '/touch':
            mt_srand(5);
            libxml_use_internal_errors(true);
            break;
        case '/inner':
            $storage->attach(new stdClass());
            break;
        case '/objects':
            for ($last = $chain; $last->next; $last = $last->next) {
                continue;
            }
            $last->next = new Node();
            break;
        case '/memory':
            Acme\Cache::$items[] = random_bytes(100000);
            break;
        case '/fatal':
            ini_set('memory_limit', (string) (memory_get_usage() + (4 << 20)));
            str_repeat('x', 64 << 20);
            break;
        case '/slow':
            touch(__DIR__ . '/slow-has-begun');
            sleep(30);
            break;
        case '/headers':
            echo json_encode($_SERVER);

            return;
        default:
            http_response_code(404);
    }
    echo "done\n";
};
