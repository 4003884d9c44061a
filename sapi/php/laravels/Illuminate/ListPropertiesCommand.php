<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate;

use Illuminate\Console\Command;
use Rserverd\Console\Controllers;

/** `artisan laravels:list-properties`: where controllers keep something, which a resident process would keep for all. */
class ListPropertiesCommand extends Command
{
    protected $signature = 'laravels:list-properties';

    protected $description = 'Lists the properties of all controllers that routes lead to';

    /** Up to Laravel 5.4. */
    public function fire()
    {
        return $this->handle();
    }

    public function handle()
    {
        $found = false;
        foreach (Controllers::ofRoutes($this->laravel) as $class) {
            $rows = Controllers::properties($class);
            if ($rows !== []) {
                $found = true;
                $this->table(['Controller', 'Property', 'Property Modifier'],
                    array_map(static fn (array $row): array => [$class, ...$row], $rows));
            }
        }
        $found || $this->line('No controller has a property.');

        return 0;
    }
}
