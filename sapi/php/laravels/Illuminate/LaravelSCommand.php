<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate;

use Illuminate\Console\Command;
use Rserverd\Console\ConfigCheck;
use Rserverd\Console\Info;
use Rserverd\Console\Publisher;
use Throwable;

/** `artisan laravels`: what concerns the application's files. The server itself is rserverd's business. */
class LaravelSCommand extends Command
{
    private const ELSEWHERE = ['start', 'stop', 'restart', 'reload', 'status'];

    protected $signature = 'laravels
        {action? : publish|config|info}
        {--d|daemonize : accepted; of start}
        {--i|ignore : accepted; of start}
        {--x|x-version= : X_VERSION, shown by the application}';

    protected $description = 'Publishes, checks and shows the settings of the server (rserverd starts it)';

    /** Up to Laravel 5.4. */
    public function fire()
    {
        return $this->handle();
    }

    public function handle()
    {
        $action = (string) $this->argument('action');
        if ($this->option('x-version') !== null) {
            $_SERVER['X_VERSION'] = $_ENV['X_VERSION'] = (string) $this->option('x-version');
        }
        try {
            return match (true) {
                $action === '' => $this->usage(0),
                $action === 'publish' => $this->publish(),
                $action === 'config' => $this->check(),
                $action === 'info' => $this->show(),
                in_array($action, self::ELSEWHERE, true) => $this->elsewhere($action),
                default => $this->unknown($action),
            };
        } catch (Throwable $e) {
            $this->error($e->getMessage());

            return 1;
        }
    }

    private function usage(int $status): int
    {
        $this->line('Usage: artisan laravels publish|config|info');
        $this->line('  publish  config/laravels.php, bin/laravels, bin/fswatch, bin/inotify into the application');
        $this->line('  config   checks config/laravels.php and shows what follows from it');
        $this->line('  info     versions, protocols, files');
        $this->line('The server: rserverd start|stop|restart|reload|status');

        return $status;
    }

    private function unknown(string $action): int
    {
        $this->error("There is no action $action");

        return $this->usage(1);
    }

    private function elsewhere(string $action): int
    {
        $options = '';
        if ($action === 'start' || $action === 'restart') {
            $version = (string) $this->option('x-version');
            $options = ($this->option('daemonize') ? ' -d' : '') . ($this->option('ignore') ? ' -i' : '')
                . ($version === '' ? '' : ' -x ' . escapeshellarg($version));
        }
        $this->error("Not an action of Artisan. Run: rserverd $action$options");

        return 1;
    }

    private function publish(): int
    {
        $kept = fn (string $path): bool => $this->confirm("$path is there already. Replace it?", false);
        foreach (Publisher::publish($this->base(), $kept) as $path => $what) {
            $this->line("<info>$what</info> $path");
        }

        return 0;
    }

    private function check(): int
    {
        $given = LaravelSServiceProvider::given();
        if ($given === null) {
            $this->error('config/laravels.php must return an array; it returned '
                . get_debug_type($this->laravel->make('config')->get('laravels')));

            return 1;
        }
        $check = new ConfigCheck($given);
        foreach ($check->warnings() as $text) {
            $this->line("<comment>config/laravels.php: $text</comment>");
        }
        foreach ($check->errors() as $text) {
            $this->error("config/laravels.php: $text");
        }
        if ($check->errors() !== []) {
            return 1;
        }
        $this->line('<info>config/laravels.php is in order.</info> The server reads it when it starts; nothing has to be stored.');

        return $this->show();
    }

    private function show(): int
    {
        $config = $this->laravel->make('config')->get('laravels');
        $info = new Info($this->laravel, $this->base(), is_array($config) ? $config : []);
        $this->line('<info>rserverd</info>: keeps PHP applications in memory and serves them');
        $this->line('');
        $this->line('<comment>Components</comment>');
        $this->table(['Component', 'Version'], $info->components());
        $this->line('<comment>Protocols</comment>');
        $this->table(['Protocol', 'Status', 'Handler', 'Listen At'], $info->protocols());
        $this->line('<comment>Server</comment>');
        $this->table(['What', 'Is'], $info->facts());
        $this->line('laravels.ini comes before config/laravels.php: rserverd config shows what holds, and from where.');

        return 0;
    }

    private function base(): string
    {
        $base = $this->laravel->make('config')->get('laravels.laravel_base_path');

        return is_string($base) && $base !== '' ? rtrim($base, '/') : $this->laravel->basePath();
    }
}
