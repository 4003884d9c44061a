<?php
/* Notes 1.9: send and its failures, close; 1.10 sendfile. */
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 1, 'buffer_output_size' => 2 * 1024 * 1024));
file_put_contents(getenv('RS_DIR') . '/test.jpg', random_bytes(300000));
$serv->on('receive', function ($serv, $fd, $from_id, $data) {
    $words = explode(' ', trim($data));
    switch ($words[0]) {
        case 'send':
            echo json_encode([$serv->send($fd, str_repeat('x', $words[1]), $from_id), $serv->getLastError()]) . "\n";
            break;
        case 'nobody':
            $serv->send($fd, json_encode([$serv->send(12345, 'x'), $serv->getLastError(), $serv->close(12345), $serv->getLastError()]));
            break;
        case 'gone':
            $serv->close($fd);
            echo json_encode([$serv->send($fd, 'x'), $serv->getLastError()]) . "\n";
            break;
        case 'file':
            $serv->sendfile($fd, getenv('RS_DIR') . '/test.jpg');
            break;
        case 'nofile':
            $serv->send($fd, json_encode(@$serv->sendfile($fd, getenv('RS_DIR') . '/none.jpg')));
            break;
        case 'close':
            $serv->send($fd, str_repeat('y', 100000));
            var_dump($serv->close($fd));
            break;
        case 'reset':
            $serv->send($fd, str_repeat('z', 2000000));
            var_dump($serv->close($fd, true));
            break;
    }
});
$serv->on('close', fn ($serv, $fd, $from_id) => print("closed from {$from_id}\n"));
$serv->start();
