<?php

declare(strict_types=1);

namespace App\Http\Controllers\Testing;

use App\Http\Controllers\Controller;
use App\Models\Note;
use App\Services\RequestHolder;
use App\Testing\Traces;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\App;
use Illuminate\Support\Facades\DB;

/** What one request could leave behind for the next one. */
class IsolationController extends Controller
{
    public function leave(Request $request): JsonResponse
    {
        Traces::leave((string) $request->query('tag', 'tag'), $request);

        return new JsonResponse(Traces::read());
    }

    public function read(): JsonResponse
    {
        return new JsonResponse(Traces::read());
    }

    public function holder(RequestHolder $holder): JsonResponse
    {
        return new JsonResponse(['who' => $holder->who(), 'asked' => $holder->asked]);
    }

    /** A transaction that nobody ends. */
    public function transaction(): JsonResponse
    {
        $level = DB::transactionLevel();
        DB::beginTransaction();
        Note::query()->create(['text' => 'never committed']);

        return new JsonResponse(['before' => $level, 'now' => DB::transactionLevel()]);
    }

    /** What one request wants done after its commit, which never comes, is nothing to the commit of the next. */
    public function afterCommit(Request $request): JsonResponse
    {
        $committed = [];
        if ($request->boolean('begin')) {
            DB::beginTransaction();
            DB::afterCommit(static fn () => file_put_contents(storage_path('app/committed'), 'wrong'));
        } else {
            DB::transaction(static function () use (&$committed): void {
                DB::afterCommit(static function () use (&$committed): void {
                    $committed[] = 'mine';
                });
            });
        }

        return new JsonResponse(['committed' => $committed, 'wrong' => is_file(storage_path('app/committed'))]);
    }

    /** A connection that exists once per tenant: what the configuration said when it was first used. */
    public function tenant(Request $request): JsonResponse
    {
        config(['database.connections.tenant' => [
            'driver' => 'sqlite',
            'database' => ':memory:',
            'prefix' => (string) $request->query('name'),
        ]]);

        return new JsonResponse(['prefix' => DB::connection('tenant')->getTablePrefix()]);
    }

    public function locale(Request $request): JsonResponse
    {
        if (is_string($locale = $request->query('set'))) {
            App::setLocale($locale);
        }

        return new JsonResponse([
            'locale' => App::getLocale(),
            'greeting' => __('demo.greeting'),
            'carbon' => now()->setDate(2024, 1, 1)->translatedFormat('l'),
        ]);
    }

    /** Model events registered by the class itself must fire in every request; those of a request only in it. */
    public function noteEvents(Request $request): JsonResponse
    {
        if ($request->boolean('spoil')) {
            Note::saving(static function (Note $note): void {
                $note->text .= ' spoiled';
            });
        }
        $note = new Note(['text' => '  trimmed  ']);
        DB::beginTransaction();
        $note->save();
        DB::rollBack();

        return new JsonResponse(['text' => $note->text]);
    }
}
