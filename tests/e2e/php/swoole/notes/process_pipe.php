<?php
/* Notes, [process]: new swoole_process([$this,'run'],false,true): talk over the pipe with write and read. */
class Daemon
{
    public function start()
    {
        $process = new swoole_process([$this,'run'],false,true);
        $process->start();
        $process->write('hello');
        echo $process->read(), "\n";
        $process->write('bye');
        echo $process->read(), "\n";
        var_dump(swoole_process::wait()['code']);
    }

    public function run(swoole_process $process)
    {
        $process->write('child got ' . $process->read());
        $process->write('child got ' . $process->read());
        $process->exit(7);
    }
}

(new Daemon())->start();
