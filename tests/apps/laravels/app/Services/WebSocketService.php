<?php

declare(strict_types=1);

namespace App\Services;

use App\Testing\Code;
use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\WebSocketHandlerInterface;
use Illuminate\Support\Facades\Auth;
use RuntimeException;
use Swoole\Http\Request;
use Swoole\Table;
use Swoole\WebSocket\Frame;
use Swoole\WebSocket\Server;

/** The handler of the main port. What a message is to do stands in it: a word, and what belongs to the word. */
class WebSocketService implements WebSocketHandlerInterface
{
    private static int $made = 0;
    private Table $wsTable;
    private int $messages = 0;

    public function __construct()
    {
        self::$made++;
        $this->wsTable = app('swoole')->wsTable;
    }

    public function onOpen(Server $server, Request $request)
    {
        $query = request()->query();
        if (isset($query['refuse'])) {
            $server->disconnect($request->fd, 4001, 'go away');

            return;
        }
        $session = request()->hasSession() ? session('seen', 0) : null;
        if ($session !== null) {
            session(['seen' => $session + 1, 'opened' => $query['tag'] ?? '']);
        }
        $this->wsTable->set('uid:' . (Auth::id() ?? 0), ['value' => $request->fd]);
        $this->wsTable->set('fd:' . $request->fd, ['value' => Auth::id() ?? 0]);
        $facts = [
            'fd' => $request->fd,
            'user' => Auth::user()?->email,
            'by_request' => request()->user()?->email,
            'seen' => $session,
            'session' => request()->hasSession() ? session()->getId() : null,
            'path' => request()->path(),
            'query' => $query,
            'raw' => [$request->server['request_uri'] ?? null, $request->get],
            'same_server' => app('swoole') === $server,
            'made' => self::$made,
            'pid' => getmypid(),
        ];
        Report::add('open', $facts);
        if (isset($query['throw'])) {
            throw new RuntimeException('onOpen fails for ' . $query['throw']);
        }
        $server->push($request->fd, json_encode($facts));
    }

    public function onMessage(Server $server, Frame $frame)
    {
        $this->messages++;
        if ($frame->opcode === WEBSOCKET_OPCODE_BINARY) {
            $server->push($frame->fd, strrev($frame->data), WEBSOCKET_OPCODE_BINARY);

            return;
        }
        [$word, $rest] = explode(' ', $frame->data, 2) + [1 => ''];
        switch ($word) {
            case 'echo':
                $server->push($frame->fd, $rest);
                break;
            case 'broadcast':
                foreach ($server->connections as $fd) {
                    if ($server->isEstablished($fd)) {
                        $server->push($fd, $rest);
                    }
                }
                break;
            case 'code':
                $scope = ['server' => $server, 'frame' => $frame, 'handler' => $this];
                $server->push($frame->fd, json_encode(Code::answer($rest, $scope)));
                break;
            case 'sleep':
                Report::add('asleep', ['fd' => $frame->fd]);
                usleep((int) $rest * 1000);
                $server->push($frame->fd, 'awake');
                break;
            case 'throw':
                throw new RuntimeException($rest);
            case 'error':
                strlen();
                break;
            case 'exit':
                $server->push($frame->fd, 'leaving');
                exit($rest);
            case 'dd':
                dd($rest);
                break;
            case 'fatal':
                ini_set('memory_limit', '1');
                break;
            default:
                $server->push($frame->fd, 'what?');
        }
    }

    public function onClose(Server $server, $fd, $reactorId)
    {
        $row = $this->wsTable->get('fd:' . $fd);
        $this->wsTable->del('fd:' . $fd);
        Report::add('close', ['fd' => $fd, 'user_id' => $row ? $row['value'] : null, 'pushed' => @$server->push($fd, 'bye')]);
    }
}
